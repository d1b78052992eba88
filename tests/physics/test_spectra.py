"""Pixels, units and smoothing: known conversions, lines that keep their flux, and refused spectra."""

import numpy as np
import pytest
from astropy import units

from digs.config.params import load_params
from digs.files.units import FLUX_UNIT
from digs.physics.spectra import check_flux, f_lambda, observed_flux, read_flux, smooth, wavelength_grid

SETTINGS = load_params().spectrum
LIGHT = 299_792.458  # km/s


def test_pixels_are_even_and_end_where_asked(pixels):
    assert len(pixels) == SETTINGS.pixels
    assert (pixels[0], pixels[-1]) == (SETTINGS.wavelength_start, SETTINGS.wavelength_stop)
    np.testing.assert_allclose(np.diff(pixels), np.diff(pixels)[0], rtol=1e-9)


def test_f_lambda_is_that_of_astropy(pixels):
    f_nu = np.random.default_rng(0).uniform(1e-29, 1e-25, len(pixels))
    expected = (f_nu * units.Unit("erg / (s cm2 Hz)")).to_value(
        FLUX_UNIT, equivalencies=units.spectral_density(pixels * units.Angstrom)
    )
    np.testing.assert_allclose(f_lambda(pixels, f_nu), expected, rtol=1e-10)


def test_flux_falls_with_the_square_of_the_distance():
    from astropy.cosmology import WMAP9

    luminosity = 3.0  # Lsun / Hz
    for zred in (1e-5, 0.1, 2.0):
        sphere = 4 * np.pi * WMAP9.luminosity_distance(zred).to_value("cm") ** 2
        expected = luminosity * 3.846e33 * (1 + zred) / sphere
        assert observed_flux(luminosity, zred) == pytest.approx(expected, rel=6e-3)  # what the Sun is taken to shine


def fine_settings(**changes):
    return SETTINGS.model_copy(
        update={"wavelength_start": 6300.0, "wavelength_stop": 6700.0, "pixels": 2001, **changes}
    )


def line(wavelength: np.ndarray, centre: float, sigma: float) -> np.ndarray:
    return np.exp(-(((wavelength - centre) / sigma) ** 2) / 2)


@pytest.mark.parametrize("speed", [200.0, 350.0])
def test_smoothing_keeps_the_flux_of_a_line_and_gives_it_its_width(speed):
    model = np.linspace(6000.0, 7000.0, 20_001)
    narrow = line(model, 6500.0, 0.3)
    settings = fine_settings(smoothing_type="vel", smoothing=speed)
    smoothed, pixel = smooth(model, narrow, settings), wavelength_grid(settings)
    assert np.trapezoid(smoothed, pixel) == pytest.approx(np.trapezoid(narrow, model), rel=2e-3)
    centre = np.average(pixel, weights=smoothed)
    width = np.sqrt(np.average((pixel - centre) ** 2, weights=smoothed))
    assert centre == pytest.approx(6500.0, abs=0.2)
    assert width == pytest.approx(np.hypot(speed / LIGHT * 6500.0, 0.3), rel=1e-2)


def test_smoothing_by_resolution():
    model = np.linspace(6000.0, 7000.0, 20_001)
    settings = fine_settings(smoothing_type="R", smoothing=1000.0)
    smoothed, pixel = smooth(model, line(model, 6500.0, 0.3), settings), wavelength_grid(settings)
    width = np.sqrt(np.average((pixel - 6500.0) ** 2, weights=smoothed))
    assert width == pytest.approx(6.5, rel=2e-2)


def test_smoothing_leaves_a_flat_spectrum_and_is_linear():
    model = np.linspace(3000.0, 11_000.0, 16_001)
    np.testing.assert_allclose(smooth(model, np.full_like(model, 2.5), SETTINGS), 2.5, rtol=1e-6)
    random = np.random.default_rng(3)
    first, second = random.uniform(1, 2, (2, len(model)))
    both = smooth(model, 3 * first + second, SETTINGS)
    parts = 3 * smooth(model, first, SETTINGS) + smooth(model, second, SETTINGS)
    np.testing.assert_allclose(both, parts, rtol=1e-8)


GRID = np.linspace(4000.0, 5000.0, 9)


@pytest.mark.parametrize("kind", [np.float32, np.float64, list])
def test_sound_spectra_pass(kind):
    flux = np.random.default_rng(1).uniform(1e-20, 1e-15, (3, 9))
    given = flux.tolist() if kind is list else flux.astype(kind)
    np.testing.assert_allclose(check_flux(given, GRID), flux, rtol=1e-6)
    assert check_flux(flux[0], GRID).shape == (1, 9)
    assert not read_flux(given, GRID).faults


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 0.0, -1e-18, 1e39, 1e-50, 1e300])
def test_a_bad_flux_is_refused_by_galaxy_and_pixel(refused, value):
    flux = np.ones((5, 9))
    flux[2, 4] = flux[2, 6] = value
    with refused("Galaxy 2", f"{value:g} at pixel 4", "positive and finite"):
        check_flux(flux, GRID)
    assert read_flux(flux, GRID).faults == {2: f"the flux {value:g} at pixel 4"}
    flux[4, 0] = np.nan
    with refused("Galaxy 2", "1 more"):
        check_flux(flux, GRID)


@pytest.mark.parametrize("shape", [(8,), (3, 10), (0,), (0, 8)])
def test_other_pixels_are_refused(refused, shape):
    with refused(f"{shape[-1]} pixels, not 9"):
        check_flux(np.ones(shape), GRID)


@pytest.mark.parametrize("shape", [(), (2, 3, 9), (1, 1, 1, 9)])
def test_other_axes_are_refused(refused, shape):
    with refused(f"{len(shape)} axes", "(galaxies, 9)"):
        check_flux(np.ones(shape), GRID)


def test_no_galaxies_are_no_fault():
    assert check_flux(np.ones((0, 9)), GRID).shape == (0, 9)
    assert check_flux([], GRID).shape == (0, 9)


CARRIED = {
    "erg / (s cm2 Angstrom)": 1.0,
    "1e-17 erg / (s cm2 Angstrom)": 1e17,
    "W / (m2 um)": 10.0,
    "W / m3": 1e7,
}


@pytest.mark.parametrize("unit", [*CARRIED, "Jy", "mJy", "photon / (s cm2 Angstrom)", "mag(AB)"])
def test_units_are_converted(unit):
    flux = np.random.default_rng(2).uniform(1e-18, 1e-16, (3, 9))
    quantity = (flux * units.Unit(FLUX_UNIT)).to(unit, units.spectral_density(GRID * units.Angstrom))
    if unit in CARRIED:
        np.testing.assert_allclose(quantity.value, flux * CARRIED[unit])
    np.testing.assert_allclose(check_flux(quantity, GRID), flux, rtol=1e-12)
    np.testing.assert_allclose(check_flux(list(quantity), GRID), flux, rtol=1e-12)
    np.testing.assert_allclose(check_flux(quantity[1], GRID)[0], flux[1], rtol=1e-12)


@pytest.mark.parametrize("unit", ["", "m", "erg / s", "erg / (s cm2)", "W / m2", "Jy / sr", "mag", "%"])
def test_what_is_no_flux_density_is_refused(refused, unit):
    with refused("no flux density", str(units.Unit(unit)) or "no dimension"):
        check_flux(np.ones((2, 9)) * units.Unit(unit), GRID)


def test_uncertainties_and_other_wavelengths_are_refused(refused):
    from types import SimpleNamespace

    from astropy.nddata import NDData, StdDevUncertainty

    flux = np.full((2, 9), 1e-17)
    data = NDData(flux, unit=FLUX_UNIT)
    np.testing.assert_array_equal(check_flux(data, GRID), flux)
    with refused("uncertainties"):
        check_flux(NDData(flux, unit=FLUX_UNIT, uncertainty=StdDevUncertainty(0.1 * flux)), GRID)
    spectrum = lambda grid: SimpleNamespace(
        data=flux, unit=FLUX_UNIT, mask=None, uncertainty=None, spectral_axis=grid * units.Angstrom
    )
    np.testing.assert_array_equal(check_flux(spectrum(GRID), GRID), flux)
    with refused("other wavelengths"):
        check_flux(spectrum(GRID + 1), GRID)


def test_masked_pixels_are_refused_and_no_others(refused):
    flux = np.ma.masked_array(np.ones((3, 9)), mask=False)
    np.testing.assert_array_equal(check_flux(flux, GRID), np.ones((3, 9)))
    flux[1, 3] = np.ma.masked
    with refused("Galaxy 1", "masked flux at pixel 3"):
        check_flux(flux, GRID)
    assert read_flux(flux, GRID).faults == {1: "a masked flux at pixel 3"}


@pytest.mark.parametrize("given", [["bright"] * 9, np.ones(9, complex), np.ones(9, bool), np.full(9, None), None, {}])
def test_what_is_no_number_is_refused(refused, given):
    with refused("The spectra do not hold real numbers"):
        check_flux(given, GRID)
