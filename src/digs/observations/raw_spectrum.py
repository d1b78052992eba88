"""What a file says of its spectra, before anything is converted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class RawSpectrum:
    """One spectrum in a file's own units; None stands for what the file does not say.

    wavelength, flux: shape (pixels,), float64.
    sigma: not positive or not finite where a pixel is bad.
    hidden: True where a pixel is bad.
    wavelength_unit, flux_unit, sigma_unit: as the file spells them; without sigma_unit, sigma is in the flux's.
    resolution: total lambda / FWHM, a number or one for each pixel, or a matrix.
    sigma_kms: dispersion on top of the populations' own, a number or one for each pixel.
    notes: sentences on what the file says and what was made of it.
    doubts: what the file says of facts, named as the arguments of `read`, of which it is not sure.
    """

    wavelength: np.ndarray
    flux: np.ndarray
    sigma: np.ndarray | None = None
    hidden: np.ndarray | None = None
    wavelength_unit: Any = None
    flux_unit: Any = None
    sigma_unit: Any = None
    medium: str | None = None
    redshift: float | None = None
    resolution: Any = None
    sigma_kms: Any = None
    light: str | None = None
    name: str = ""
    notes: tuple[str, ...] = ()
    doubts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Stack:
    """The spectra of one file: how many there are, and how to get the one of an index."""

    count: int
    get: Callable[[int], RawSpectrum]


def sigma_of(inverse_variance: np.ndarray) -> np.ndarray:
    """Return standard deviations of inverse variances, inf where these are not positive and finite."""
    good = np.isfinite(inverse_variance) & (inverse_variance > 0)
    return np.where(good, 1 / np.sqrt(np.where(good, inverse_variance, 1.0)), np.inf)
