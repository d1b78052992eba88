"""The Milky Way's dust, lines, gaps, noise from scatter, and units as people spell them."""

import numpy as np
import pytest
from astropy import units

from digs.observations.gaps import filled
from digs.observations.lines import LINES, line_pixels
from digs.observations.milky_way import LAWS, RATIO, brightening
from digs.observations.scatter import scatter
from digs.observations.spectral_units import flux_factor, read_unit
from digs.physics.air import air_to_vacuum


@pytest.mark.parametrize("law", LAWS)
def test_the_laws_of_dust_agree_in_the_visual(law):
    """A(V) = 3.1 E(B-V), and A(B) - A(V) = E(B-V), within what filters of no width leave."""
    visual, blue = 2.5 * np.log10(brightening(np.array([5500.0, 4400.0]), 0.2, law))
    assert visual == pytest.approx(RATIO * 0.2, rel=0.03)
    assert blue - visual == pytest.approx(0.2, rel=0.1)


def test_no_dust_changes_nothing():
    np.testing.assert_array_equal(brightening(np.array([4000.0, 20_000.0]), 0.0), 1.0)


def test_a_law_that_does_not_reach(refused):
    with refused("F99", "33333"):
        brightening(np.array([50_000.0]), 0.1, "F99")
    assert brightening(np.array([50_000.0]), 0.1)[0] > 1


# wavelengths in air, as in the tables of the NIST that astronomers know by heart
@pytest.mark.parametrize(
    ("name", "air"),
    [
        *[("Halpha", 6562.80), ("Hbeta", 4861.33), ("Hgamma", 4340.47), ("Hdelta", 4101.74), ("[OIII]", 5006.84)],
        *[("NaD", 5889.95), ("[NII]", 6583.46), ("[SII]", 6716.44), ("[OI]", 6300.30), ("[OII]", 3728.82)],
        *[("CaII", 8542.09), ("HeI", 5875.62), ("[NeIII]", 3868.76), ("[SIII]", 9068.6)],
    ],
)
def test_lines_are_where_they_are(name, air):
    assert min(abs(np.array(LINES[name]) / air_to_vacuum(air) - 1)) * 299792.458 < 5


def test_lines_are_hidden_in_the_rest_frame():
    wavelength = np.arange(6500.0, 6700) * 1.3
    hidden = line_pixels(wavelength, 0.3, ["halpha", (6650, 6660)])
    rest = wavelength[hidden] / 1.3
    near = np.abs(rest / 6564.61 - 1) * 299792.458 <= 800
    assert near.sum() == pytest.approx(2 * 800 / 299792.458 * 6564.61, abs=1)
    np.testing.assert_allclose(rest[~near], np.arange(6650, 6661))
    assert line_pixels(wavelength, 0.3, "all").sum() > near.sum()
    assert not line_pixels(wavelength, 0.3, []).any()


@pytest.mark.parametrize("wrong", ["Hzeta", "5900-5800", "5000", ["a-b"], [(1, 2, 3)], [7]])
def test_lines_that_are_none(refused, wrong):
    with refused("not known"):
        line_pixels(np.arange(5000.0, 5010), 0.0, wrong)


def test_gaps_of_all_sizes():
    grid = 4000 * np.exp(2e-4 * np.arange(2000))
    random = np.random.default_rng(1)
    kept = np.ones(2000, bool)
    for start in random.integers(50, 1900, 12):
        kept[start : start + random.integers(1, 60)] = False
    found, places = filled(grid[kept], 10_000)
    np.testing.assert_array_equal(places, np.flatnonzero(kept))
    np.testing.assert_allclose(found, grid, rtol=2e-5)


def test_too_wide_gaps(refused):
    with refused("would fill them"):
        filled(np.concatenate([np.arange(5000.0, 5100), [1e8]]), 10_000)


def test_scatter_follows_the_noise():
    random = np.random.default_rng(4)
    sigma = np.linspace(0.2, 2.0, 4000)
    flux = 50 * np.exp(-(np.linspace(-2, 2, 4000) ** 2)) + sigma * random.standard_normal(4000)
    hidden = np.zeros(4000, bool)
    hidden[100:200] = True
    found = scatter(flux, hidden)
    np.testing.assert_array_equal(np.isinf(found), hidden)
    assert np.median(found[~hidden] / sigma[~hidden]) == pytest.approx(1, abs=0.05)
    assert np.quantile(np.abs(found[~hidden] / sigma[~hidden] - 1), 0.95) < 0.25


def test_what_does_not_scatter(refused):
    with refused("hardly scatters"):
        scatter(np.linspace(1.0, 2.0, 100), np.zeros(100, bool))
    with refused("too few"):
        scatter(np.ones(10), np.zeros(10, bool))


FLAM = units.erg / units.s / units.cm**2 / units.AA


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("1E-17 erg/cm^2/s/Ang", 1e-17 * FLAM),
        ("10**(-19).erg.cm**(-2).s**(-1).angstrom**(-1)", 1e-19 * FLAM),
        ("10**-17 erg/(s cm2 Angstrom)", 1e-17 * FLAM),
        ("10**(-20)*erg/s/cm**2/Angstrom", 1e-20 * FLAM),
        ("1e-17 erg/s/cm2/A", 1e-17 * FLAM),
        ("erg s-1 cm-2 AA-1", FLAM),
        ("ergs/sec/cm^2/A", FLAM),
        ("erg/s/cm2/um", FLAM * units.AA / units.um),
        ("W m-2 um-1", units.W / units.m**2 / units.um),
        ("uJy", units.uJy),
        ("10^-29 erg/s/cm2/Hz", 1e-29 * units.erg / units.s / units.cm**2 / units.Hz),
        ("ANGSTROMS", units.AA),
        ("A", units.AA),
        ("micron", units.um),
        ("microns", units.um),
        ("nm", units.nm),
        (b"Angstrom", units.AA),
        (units.Jy, units.Jy),
    ],
)
def test_units_as_people_spell_them(text, unit):
    found = read_unit(text, "It", "unit")
    assert found.is_equivalent(unit)
    assert found.to(unit) == pytest.approx(1)


@pytest.mark.parametrize("nothing", [None, "", "  ", b""])
def test_no_unit(nothing):
    assert read_unit(nothing, "It", "unit") is None


@pytest.mark.parametrize("wrong", ["parsnip", "10**(-99999) erg", "x" * 1000, "erg//s", "[[[", "__import__('os')"])
def test_units_that_are_none(refused, wrong):
    with refused("does not know", "give unit"):
        read_unit(wrong, "It", "unit")


def test_flux_densities_are_the_same_energy():
    """F_lambda = F_nu c / lambda^2."""
    wavelength = np.array([4000.0, 16_000.0])
    np.testing.assert_allclose(flux_factor(units.Jy, wavelength), 1e-23 * 2.99792458e18 / wavelength**2)
