"""The pixels of a spectrum: wavelength grid, smoothing, units, and the checks of spectra from outside.

Spectra are F_lambda in erg / s / cm^2 / Angstrom, shape (N, pixels).
"""

import numpy as np
import torch
from astropy import constants, units
from astropy.cosmology import WMAP9
from torch import Tensor

from digs.base.errors import DigsError
from digs.config.model import Spectrum


def level_and_shape(flux: Tensor) -> tuple[Tensor, Tensor]:
    """The mean of log10 F_lambda over pixels, shape (N, 1), and log10 F_lambda less this, (N, pixels)."""
    log_flux = torch.log10(flux)
    level = log_flux.mean(-1, keepdim=True)
    return level, log_flux - level


_C = constants.c.to_value("Angstrom / s")


def wavelength_grid(spectrum: Spectrum) -> np.ndarray:
    """The wavelengths of the pixels in Angstrom, shape (pixels,)."""
    return np.linspace(spectrum.wavelength_start, spectrum.wavelength_stop, spectrum.pixels)


def f_lambda(wavelength: np.ndarray, f_nu: np.ndarray) -> np.ndarray:
    """F_lambda in erg/s/cm^2/Angstrom of F_nu in erg/s/cm^2/Hz at wavelengths in Angstrom."""
    return f_nu * _C / wavelength**2


def observed_flux(luminosity: np.ndarray, zred: float) -> np.ndarray:
    """F_nu in erg/s/cm^2/Hz of L_nu in Lsun/Hz at a redshift, in the WMAP9 cosmology.

    The solar luminosity is Prospector's (prospect.sources.constants), as both simulators must share it.
    """
    from prospect.sources.constants import to_cgs_at_10pc

    distance = WMAP9.luminosity_distance(zred).to_value(units.Mpc)
    return luminosity * to_cgs_at_10pc * (1 + zred) / (distance * 1e5) ** 2


def smooth(wavelength: np.ndarray, spectrum: np.ndarray, settings: Spectrum) -> np.ndarray:
    """A model spectrum smoothed and sampled at the pixels, as Prospector does it, shape (pixels,).

    Args:
        wavelength: Angstrom, shape (n,), in the observed frame.
        spectrum: any flux density, shape (n,).
    """
    from prospect.utils.smoothing import smoothspec

    return smoothspec(
        wavelength,
        spectrum,
        resolution=settings.smoothing,
        smoothtype=settings.smoothing_type,
        outwave=wavelength_grid(settings),
    )


def check_flux(flux: np.ndarray, pixels: int, source: str = "The spectrum") -> np.ndarray:
    """A spectrum or spectra from outside as an array of shape (N, pixels).

    Raises:
        DigsError: wrong number of pixels, values that are not finite, or fluxes that are not positive.
    """
    flux = np.atleast_2d(np.asarray(flux))
    if flux.ndim != 2 or flux.shape[1] != pixels:
        raise DigsError(f"{source} has {flux.shape[-1]} pixels, not {pixels}; resample it to the network's grid.")
    if flux.dtype.kind not in "iuf":
        raise DigsError(f"{source} does not hold numbers; read its fluxes as numbers first.")
    if not np.isfinite(flux).all():
        row, pixel = np.argwhere(~np.isfinite(flux))[0]
        raise DigsError(f"{source} is not finite at pixel {pixel} of row {row}; mend that pixel first.")
    if not (flux > 0).all():
        row, pixel = np.argwhere(flux <= 0)[0]
        raise DigsError(
            f"{source} has flux {flux[row, pixel]:g} at pixel {pixel} of row {row}; fluxes must be positive, as their "
            "logarithms are the data."
        )
    return flux
