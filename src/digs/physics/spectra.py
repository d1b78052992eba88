"""The pixels of a spectrum: wavelength grid, smoothing, units, and the checks of spectra from outside.

Spectra are F_lambda in erg / s / cm^2 / Angstrom, shape (N, pixels).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from astropy import constants, units
from astropy.cosmology import WMAP9
from torch import Tensor

from digs.base.errors import DigsError
from digs.base.inputs import named, read_array
from digs.config.model import Spectrum
from digs.files.units import FLUX_UNIT

_SAME = 0.01  # Angstrom, by which wavelengths may differ


def level_and_shape(flux: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean of log10 F_lambda over pixels, shape (N, 1), and log10 F_lambda less this, (N, pixels)."""
    log_flux = torch.log10(flux)
    level = log_flux.mean(-1, keepdim=True)
    return level, log_flux - level


_C = constants.c.to_value("Angstrom / s")


def wavelength_grid(spectrum: Spectrum) -> np.ndarray:
    """Return the wavelengths of the pixels in Angstrom, shape (pixels,)."""
    return np.linspace(spectrum.wavelength_start, spectrum.wavelength_stop, spectrum.pixels)


def f_lambda(wavelength: np.ndarray, f_nu: np.ndarray) -> np.ndarray:
    """Return F_lambda in erg/s/cm^2/Angstrom of F_nu in erg/s/cm^2/Hz at wavelengths in Angstrom."""
    return f_nu * _C / wavelength**2


def observed_flux(luminosity: np.ndarray, zred: float) -> np.ndarray:
    """Return F_nu in erg/s/cm^2/Hz of L_nu in Lsun/Hz at a redshift, in the WMAP9 cosmology.

    The solar luminosity is Prospector's (prospect.sources.constants), as both simulators must share it.
    """
    from prospect.sources.constants import to_cgs_at_10pc

    distance = WMAP9.luminosity_distance(zred).to_value(units.Mpc)
    return luminosity * to_cgs_at_10pc * (1 + zred) / (distance * 1e5) ** 2


def smooth(wavelength: np.ndarray, spectrum: np.ndarray, settings: Spectrum) -> np.ndarray:
    """Return a model spectrum smoothed and sampled at the pixels, as Prospector does it, shape (pixels,).

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


@dataclass(frozen=True)
class GivenSpectra:
    """Spectra from outside.

    flux: F_lambda in FLUX_UNIT, shape (N, pixels); where a galaxy has a fault, as it came.
    faults: what is wrong with the values of a galaxy, by its row, in words that follow "galaxy 3 has".
    """

    flux: np.ndarray
    faults: dict[int, str]


def read_flux(given: Any, wavelength: np.ndarray) -> GivenSpectra:
    """Return spectra from outside, in the units and on the pixels of a network.

    Args:
        given: anything that digs.base.inputs.read_array takes, shape (N, pixels) or (pixels,). Units are converted to
            FLUX_UNIT; numbers without a unit are taken to be in it.
        wavelength: of the pixels, in Angstrom, in vacuum, shape (pixels,).
    Raises:
        DigsError: it has another shape or other wavelengths, holds no numbers, has a unit that is no flux density, or
            brings uncertainties of its own.
    """
    pixels = len(wavelength)
    if isinstance(given, list | tuple) and not given:
        given = np.empty((0, pixels))
    found = read_array(given, "The spectra")
    axes = found.values.ndim
    if axes not in (1, 2):
        raise DigsError(f"The spectra have {axes} axes; make them of shape (galaxies, {pixels}).")
    if found.values.shape[-1] != pixels:
        raise DigsError(
            f"The spectra have {found.values.shape[-1]} pixels, not {pixels}; resample them to the network's grid."
        )
    _check_company(given, wavelength)
    flux = found.values if found.unit is None else _converted(found.values, found.unit, wavelength)
    flux, masked = np.atleast_2d(flux, found.masked)
    with np.errstate(over="ignore", under="ignore"):
        single = flux.astype(np.float32, copy=False)  # what networks work with
    sound = np.isfinite(single) & (single > 0) & ~masked
    faults = {}
    for row in np.flatnonzero(~sound.all(1)).tolist():
        pixel = int(np.argmin(sound[row]))
        what = "a masked flux" if masked[row, pixel] else f"the flux {flux[row, pixel]:g}"
        faults[row] = f"{what} at pixel {pixel}"
    return GivenSpectra(flux, faults)


def check_flux(given: Any, wavelength: np.ndarray) -> np.ndarray:
    """Return spectra from outside that are sound in every pixel, shape (N, pixels); arguments as of read_flux.

    Raises:
        DigsError: as read_flux; or a flux is masked, not finite, not positive, or beyond 32-bit floats.
    """
    found = read_flux(given, wavelength)
    if found.faults:
        row, fault = next(iter(found.faults.items()))
        others = f" (and so have {len(found.faults) - 1} more)" if len(found.faults) > 1 else ""
        raise DigsError(
            f"{named([row]).capitalize()} has {fault}{others}; fluxes must be positive and finite in 32-bit floats, as "
            "their logarithms are the data."
        )
    return found.flux


def _check_company(given: Any, wavelength: np.ndarray) -> None:
    """That what comes with the fluxes of an astronomer's spectrum, or of a list of them, agrees with the network."""
    if isinstance(given, list | tuple):
        for each in given:
            _check_company(each, wavelength)
        return
    if getattr(given, "uncertainty", None) is not None and not hasattr(given, "to_numpy"):
        raise DigsError(
            "The spectra bring uncertainties, but a network knows the noise that it was trained with; hand in their "
            "fluxes alone."
        )
    axis = getattr(given, "spectral_axis", None)  # of specutils
    if axis is None:
        return
    own = axis.to_value("Angstrom", units.spectral())
    if own.shape != wavelength.shape or not np.allclose(own, wavelength, rtol=0, atol=_SAME):
        raise DigsError("The spectra have other wavelengths than the network; resample them to these.")


def _converted(values: np.ndarray, unit: Any, wavelength: np.ndarray) -> np.ndarray:
    """Fluxes in FLUX_UNIT."""
    if unit == units.Unit(FLUX_UNIT):
        return values
    try:
        if unit.is_equivalent("erg / (s cm2)"):  # in which lambda F_lambda and the flux of a pixel look alike
            raise units.UnitConversionError
        given = units.Quantity(values, unit, dtype=float, subok=True)
        return given.to_value(FLUX_UNIT, equivalencies=units.spectral_density(wavelength * units.Angstrom))
    except (units.UnitConversionError, units.UnitTypeError, TypeError):
        shown = f"the unit '{unit}'" if str(unit) else "no dimension"
        raise DigsError(f"The spectra have {shown}, which is no flux density; convert them to {FLUX_UNIT}.") from None
