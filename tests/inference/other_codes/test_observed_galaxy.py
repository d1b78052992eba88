"""The errors that all codes share."""

import numpy as np
import pytest
from made_galaxy import DISPERSION, REDSHIFT, RESOLUTION, WAVELENGTH, made_galaxy

import digs
from digs.inference.other_codes.observed_galaxy import _fwhm

HIDDEN = (np.arange(len(WAVELENGTH)) > 200) & (np.arange(len(WAVELENGTH)) < 220)


def test_chi_squared_is_that_of_the_matrix():
    """What Bagpipes and pPXF make of the dense matrix of all pixels is what digs makes of those that count."""
    galaxy, model = made_galaxy(mask=HIDDEN)
    flux, sigma, modes = galaxy.filled()
    covariance = np.diag(sigma**2) + modes @ modes.T
    dense = (flux - model) @ np.linalg.solve(covariance, flux - model)
    assert galaxy.chi_squared(model) == pytest.approx(dense, rel=1e-4)
    assert 0.7 < galaxy.chi_squared(model) / galaxy.seen.sum() < 1.3


def test_hidden_pixels_say_nothing():
    galaxy, model = made_galaxy(mask=HIDDEN)
    assert (~galaxy.seen).sum() == HIDDEN.sum()
    other = np.where(HIDDEN, 2 * model, model)
    assert galaxy.chi_squared(other) == galaxy.chi_squared(model)


def test_nuisances_take_up_a_tilt():
    """A tilt of 2% lies within the calibration's errors; added to the model it leaves hardly more than the noise."""
    galaxy, model = made_galaxy(noise=0.01)
    tilted = model * (1 + 0.02 * np.linspace(-1, 1, len(model)))
    rms = lambda found: np.std((galaxy.flux - found) / galaxy.sigma)
    assert rms(tilted) > 1.4
    assert rms(galaxy.with_nuisances(tilted)) < 1.05


def test_line_spread_function():
    """A number, a matrix of as wide rows, and a dispersion on top of the populations' own."""
    galaxy, _ = made_galaxy()
    np.testing.assert_allclose(galaxy.fwhm, galaxy.rest / RESOLUTION)
    step = 0.8
    wavelength = np.arange(5000.0, 5400, step)
    width = 1.7  # Angstrom, observed frame, of the dispersion
    rows = np.exp(-((wavelength - wavelength[:, None]) ** 2) / (2 * width**2))
    rows /= rows.sum(1, keepdims=True)
    flux = np.full(len(wavelength), 1e-17)
    make = lambda **lsf: digs.Spectrum(wavelength, flux, flux, redshift=REDSHIFT, **lsf)
    middle = slice(50, -50)
    np.testing.assert_allclose(_fwhm(make(resolution=rows))[middle], 2.3548 * width / (1 + REDSHIFT), rtol=1e-3)
    own = _fwhm(make(sigma_kms=0.0))
    np.testing.assert_allclose(own, 2.54, rtol=0.01)  # of MILES
    added = 2.3548 * DISPERSION / 299792.458 * wavelength / (1 + REDSHIFT)
    np.testing.assert_allclose(_fwhm(make(sigma_kms=DISPERSION)), np.hypot(own, added), rtol=1e-4)
