"""A galaxy's spectrum with all its errors, as codes other than digs take it: with one covariance matrix."""

from dataclasses import dataclass

import numpy as np
import torch
from astropy import constants
from scipy.sparse import csr_array, issparse

from digs.exact.normal.low_rank import LowRankCovariance
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.expected_nuisance import expected_nuisance, nuisance_modes
from digs.inference.engine.galaxy_search import reachable_pixels
from digs.inference.engine.model_space import ModelSpace
from digs.inference.engine.node_models import interpolated_spectra, node_models
from digs.observations.spectrum import Spectrum
from digs.physics.stored_populations import stored_populations

_C_KMS = constants.c.to_value("km / s")
_FWHM = 2 * np.sqrt(2 * np.log(2))  # of a Gaussian of dispersion 1
_NODES = 5  # of the dispersion
_HIDDEN = 1e3  # errors of hidden pixels, in units of the median flux


@dataclass(frozen=True)
class ObservedGalaxy:
    """The pixels that are compared.

    redshift: of the galaxy.
    wavelength: in vacuum, observed frame, in Angstrom, shape (pixels,).
    flux, sigma: F_lambda in erg/s/cm2/Angstrom, shape (pixels,); sigma is infinite where a pixel does not count.
    modes: V of the covariance diag(sigma^2) + V V^T, of those that count, shape (seen pixels, modes): what is uncertain
        of calibration, populations and lines around one galaxy.
    fwhm: of the line-spread function in Angstrom, in the rest frame, shape (pixels,).
    """

    redshift: float
    wavelength: np.ndarray
    flux: np.ndarray
    sigma: np.ndarray
    modes: csr_array
    fwhm: np.ndarray

    @property
    def rest(self) -> np.ndarray:
        """Return wavelengths in the rest frame, in vacuum."""
        return self.wavelength / (1 + self.redshift)

    @property
    def seen(self) -> np.ndarray:
        """Return which pixels count."""
        return np.isfinite(self.sigma)

    def filled(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return flux, sigma and modes of all pixels, of which the hidden ones say nothing.

        Their flux is interpolated, their sigma large, their modes 0.
        """
        seen = np.flatnonzero(self.seen)
        flux = np.interp(np.arange(len(self.flux)), seen, self.flux[seen])
        sigma = np.where(self.seen, self.sigma, _HIDDEN * np.median(np.abs(flux)))
        modes = np.zeros((len(flux), self.modes.shape[1]))
        modes[seen] = self.modes.toarray()
        return flux, sigma, modes

    def chi_squared(self, model: np.ndarray) -> float:
        """Return chi-squared of F_lambda in the pixels, shape (pixels,)."""
        covariance = LowRankCovariance(self.sigma[self.seen], self.modes)
        return float(covariance.products((self.flux - model)[self.seen][:, None])[0, 0])

    def with_nuisances(self, model: np.ndarray) -> np.ndarray:
        """Return a model with the likeliest calibration, error floor and lines, shape (pixels,)."""
        seen = np.flatnonzero(self.seen)
        added = expected_nuisance((self.flux - model)[seen], self.sigma[seen], self.modes)
        return model + np.interp(np.arange(len(model)), seen, added)


def observed_galaxy(
    spectrum: Spectrum, theta: np.ndarray, settings: EngineSettings
) -> tuple[ObservedGalaxy, np.ndarray]:
    """Return a galaxy with its errors, and F_lambda of theta in its pixels, shape (N, pixels).

    Args:
        spectrum: of the galaxy.
        theta: galaxies of the engine's model whose dispersion is a parameter, shape (N, columns); around the first
            lie calibration, error floor and lines.
        settings: of the engine.
    """
    pixels = reachable_pixels(spectrum, settings)
    columns, dispersion = torch.as_tensor(theta[:, :-1]), torch.as_tensor(theta[:, -1]).contiguous()
    ends = dispersion.min().item() - 1e-3, dispersion.max().item() + 1e-3
    models = node_models(pixels.instrument, spectrum.redshift, 10 ** np.linspace(*ends, _NODES))
    space = ModelSpace.of(settings, spectrum.redshift)
    coefficients = space.coefficients.with_lines(models[0].lines)
    strong = space.moments.shapes + np.flatnonzero(space.moments.strong(models[0].lines))
    seen = np.isfinite(pixels.sigma)
    modes = nuisance_modes(models, coefficients, columns[:1], dispersion[:1], strong, settings.nuisances, seen)
    wavelength = pixels.instrument.wavelength
    galaxy = ObservedGalaxy(
        spectrum.redshift, wavelength, pixels.flux, pixels.sigma, modes, _fwhm(spectrum)[pixels.places]
    )
    return galaxy, interpolated_spectra(models, coefficients, columns, dispersion)


def _fwhm(spectrum: Spectrum) -> np.ndarray:
    """The total line-spread function in Angstrom in the rest frame, shape (pixels,)."""
    rest, resolution = spectrum.wavelength / (1 + spectrum.redshift), spectrum.resolution
    populations = stored_populations().product
    own = np.interp(rest, populations["wavelength"], np.abs(populations["resolution"]))
    if issparse(resolution):
        rows = csr_array(resolution)
        light = rows.sum(1)
        middle = (rows @ rest) / light
        return _FWHM * np.sqrt(((rows @ rest**2) / light - middle**2).clip(min=0.0))
    if resolution is not None:
        return rest / resolution
    added = 0.0 if spectrum.sigma_kms is None else spectrum.sigma_kms
    return _FWHM * np.hypot(own, added) / _C_KMS * rest
