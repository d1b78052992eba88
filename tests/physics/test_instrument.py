"""Any spectrograph as a linear map: what comes out is what one would get by hand, and bad input is told so."""

import numpy as np
import pytest
from astropy import units
from scipy.sparse import eye_array

from digs.physics.air import air_to_vacuum, vacuum_to_air
from digs.physics.instrument import Instrument
from digs.physics.line_spread import line_matrix, pixel_matrix

NATIVE = np.concatenate([np.arange(3000.0, 3500, 10), np.arange(3500.0, 7500, 0.9), np.arange(7500.0, 12000, 20)])
LIBRARY = np.full(len(NATIVE), 60.0)  # km/s
C = 2.99792458e18  # Angstrom / s


def smooth_spectrum(wavelength: np.ndarray) -> np.ndarray:
    """L_nu with lines in it, in Lsun/Hz, of which a pixel matrix makes L_lambda of order 1."""
    lines = 1 + sum(3 * np.exp(-(((wavelength - centre) / 4) ** 2) / 2) for centre in (4000, 4861, 5007, 6563))
    return lines * (wavelength / 5000) * wavelength**2 / C


def test_a_sampled_pixel_without_line_spread_function_is_the_spectrum_itself():
    pixels = np.linspace(3600, 7400, 77)
    sampled = Instrument(pixels, integrate=False).response(NATIVE, LIBRARY, 0.0) @ smooth_spectrum(NATIVE)
    np.testing.assert_allclose(sampled, smooth_spectrum(pixels) * C / pixels**2, rtol=0.02)
    np.testing.assert_allclose(np.median(sampled / (smooth_spectrum(pixels) * C / pixels**2)), 1.0, atol=1e-4)


def test_the_line_spread_function_spreads_photons():
    fine = np.exp(np.linspace(np.log(3600), np.log(7400), 40_000))
    photons = np.interp(fine, NATIVE, smooth_spectrum(NATIVE))
    pixels = np.linspace(4200, 6800, 50)
    s = 300 / 299792.458
    expected = np.array([np.average(photons, weights=np.exp(-((np.log(fine / one) / s) ** 2) / 2)) for one in pixels])
    sampled = Instrument(pixels, sigma_kms=300.0, integrate=False).response(NATIVE, LIBRARY, 0.0)
    np.testing.assert_allclose(sampled @ smooth_spectrum(NATIVE), expected * C / pixels**2, rtol=2e-5)


@pytest.mark.parametrize("edges", [np.linspace(3700, 7300, 90), np.geomspace(3700, 7300, 3000)])
@pytest.mark.parametrize("sigma", [None, 150.0, 1270.0])
def test_integrated_pixels_conserve_flux(edges, sigma):
    """Lines and a continuum that ends within the pixels lose nothing to the pixels or the line-spread function."""
    flux = smooth_spectrum(NATIVE) * ((NATIVE > 3900) & (NATIVE < 7000))
    instrument = Instrument.from_edges(edges, sigma_kms=sigma)
    total = instrument.response(NATIVE, LIBRARY, 0.0) @ flux @ np.diff(edges)
    assert total == pytest.approx(np.trapezoid(flux * C / NATIVE**2, NATIVE), rel=1e-4)


@pytest.mark.parametrize("redshift", [0.0, 0.4, 2.0])
def test_a_redshift_moves_the_pixels(redshift):
    pixels = np.linspace(4000, 7000, 200)
    rest = Instrument(pixels, sigma_kms=200.0).response(NATIVE, LIBRARY, 0.0)
    moved = Instrument(pixels * (1 + redshift), sigma_kms=200.0).response(NATIVE, LIBRARY, redshift)
    np.testing.assert_allclose(moved.toarray(), rest.toarray(), rtol=1e-6, atol=1e-6 * rest.max())


def test_the_populations_own_resolution_is_subtracted_from_the_total():
    pixels, total = np.linspace(4000, 7000, 100), 1000.0
    own = 299792.458 / (total * 2.354820045)
    by_hand = Instrument(pixels, sigma_kms=np.sqrt(own**2 - 60.0**2)).response(NATIVE, LIBRARY, 0.0)
    subtracted = Instrument(pixels, resolution=np.full(100, total)).response(NATIVE, LIBRARY, 0.0)
    np.testing.assert_allclose(subtracted.toarray(), by_hand.toarray(), atol=1e-9 * by_hand.max())


@pytest.mark.parametrize("integrated", [True, False])
def test_a_line_without_width_is_as_wide_as_the_line_spread_function(integrated):
    edges = np.linspace(4980, 5030, 60)
    centre = (edges[1:] + edges[:-1]) / 2
    bounds, dispersion = (edges[:-1], edges[1:]) if integrated else None, np.full(59, 1e-3)
    native = np.arange(4900.0, 5100, 0.05)
    narrow = np.exp(-(((native - 5007) / 0.3) ** 2) / 2) / (np.sqrt(2 * np.pi) * 0.3) * 5007**2 / C
    line = line_matrix(np.array([5007.0]), centre, bounds, dispersion)[:, 0]
    expected = pixel_matrix(native, centre, bounds, dispersion) @ narrow
    np.testing.assert_allclose(line, expected, atol=3e-3 * expected.max())
    if integrated:
        assert line @ np.diff(edges) == pytest.approx(1.0, abs=1e-4)


def test_a_resolution_matrix_acts_on_the_pixels():
    pixels = np.linspace(4000, 7000, 50)
    matrix = 0.5 * eye_array(50) + 0.25 * eye_array(50, k=1) + 0.25 * eye_array(50, k=-1)
    plain = Instrument(pixels).response(NATIVE, LIBRARY, 0.0)
    for given in (matrix, matrix.toarray()):
        mixed = Instrument(pixels, resolution=given).response(NATIVE, LIBRARY, 0.0)
        np.testing.assert_allclose(mixed.toarray(), (matrix @ plain).toarray(), rtol=1e-12)


@pytest.mark.parametrize("air", [1999.36, 1999.6, 1999.9])
def test_air_and_vacuum_meet_at_2000_angstrom(air):
    assert vacuum_to_air(air_to_vacuum(air)) == pytest.approx(air, abs=1e-9)
    assert air_to_vacuum(air) > 2000


def test_air_and_vacuum_are_each_others_inverse():
    wavelength = np.linspace(1000, 25_000, 1000)
    np.testing.assert_allclose(air_to_vacuum(vacuum_to_air(wavelength)), wavelength, rtol=1e-12)
    line = np.array([4862.69, 5008.24, 6564.61])  # H beta, [O III], H alpha in vacuum (NIST, SDSS)
    np.testing.assert_allclose(vacuum_to_air(line), [4861.33, 5006.84, 6562.80], atol=0.01)


def test_wavelengths_in_air_are_converted():
    vacuum = np.linspace(4000, 7000, 100)
    there = Instrument(vacuum_to_air(vacuum), sigma_kms=100.0, medium="air", integrate=False)
    here = Instrument(vacuum, sigma_kms=100.0, integrate=False).response(NATIVE, LIBRARY, 0.0)
    np.testing.assert_allclose(there.response(NATIVE, LIBRARY, 0.0).toarray(), here.toarray(), atol=1e-6 * here.max())


def test_units_are_converted():
    bare = Instrument([5000.0, 5010.0, 5020.0], sigma_kms=150.0)
    united = Instrument([0.5, 0.501, 0.502] * units.micron, sigma_kms=150_000 * units.m / units.s)
    np.testing.assert_allclose(united.wavelength, bare.wavelength, rtol=1e-12)
    np.testing.assert_allclose(united.sigma_kms, bare.sigma_kms)


PIXELS = [5000.0, 5010.0, 5020.0]
HOLE = [5000.0, np.nan, 5020.0]


@pytest.mark.parametrize(
    ("arguments", "mention"),
    [
        (((PIXELS[::-1]),), "descend"),
        (([5000.0, 5000.0, 5020.0],), "repeat after 5000"),
        ((HOLE,), "nan"),
        (([-1.0, 2.0],), "-1"),
        ((PIXELS * units.Jy,), "'Jy'"),
        ((5000.0,), "list"),
        ((PIXELS, -150.0), "sigma_kms has the value -150"),
        ((PIXELS, [150.0, np.nan, 150.0]), "sigma_kms has the value nan"),
        ((PIXELS, [150.0, 150.0]), "shape (2,)"),
        ((PIXELS, 150 * units.Angstrom), "'Angstrom'"),
        ((PIXELS, None, -2000.0), "resolution has the value -2000"),
        ((PIXELS, None, 2000 * units.km / units.s), "'km / s'"),
        ((PIXELS, None, np.eye(2)), "(2, 2)"),
        ((PIXELS, 150.0, 2000.0), "both"),
        ((PIXELS, 150.0, None, "water"), "water"),
        ((PIXELS, 150.0, None, np.array(["air"])), "medium"),
        ((PIXELS, 150.0, None, "air", "no"), "integrate"),
        (([4000.0, 5000.0, 6000.0],), "so wide that dust varies"),
        ((PIXELS, None, np.zeros((3, 3))), "row 0 sums to 0"),
        ((PIXELS, None, 100 * np.eye(3)), "row 0 sums to 100"),
        ((PIXELS, None, np.eye(3) * 1j), "real numbers"),
        ((PIXELS, None, np.ma.masked_less(np.eye(3), 0.5)), "masked"),
        ((PIXELS, None, np.eye(3) * units.km / units.s), "'km / s'"),
        ((PIXELS, None, [["a", "b", "c"]] * 3), "real numbers"),
        ((PIXELS, None, [[1.0, 0.0], [1.0]]), "differ in length"),
    ],
)
def test_bad_instruments_are_refused(refused, arguments, mention):
    with refused(mention):
        Instrument(*arguments)


def test_what_the_populations_cannot_show_is_refused(refused):
    with refused("At redshift 0.8", "leave out"):
        Instrument(np.linspace(4000, 7000, 100), sigma_kms=150.0).response(NATIVE, LIBRARY, 0.8)
    with refused("within which dust"):
        Instrument(np.linspace(4000, 7000, 100), sigma_kms=4000.0).response(NATIVE, LIBRARY, 0.0)
    with refused("finer than the populations' 2122"):
        Instrument(np.linspace(4000, 7000, 100), resolution=5000.0).response(NATIVE, LIBRARY, 0.0)
