"""One galaxy's spectrum as it was observed, checked once, in the units of the simulator."""

import hashlib
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from astropy import constants
from scipy.sparse import issparse

from digs.base.errors import DigsError
from digs.base.inputs import Values, read_array, real_number
from digs.observations.gaps import fill_matrix, filled
from digs.observations.printable import counted, printable
from digs.observations.spectral_units import flux_factor, to_angstrom
from digs.physics.air import air_to_vacuum
from digs.physics.instrument import Instrument, Medium

MOST_PIXELS = 1_000_000  # of one spectrum

_LONGEST_NAME, _LONGEST_NOTE = 80, 400  # letters

_NO_WIDTH = (
    "No line-spread function was given, so that the spectrograph is taken to be as sharp as the populations; give "
    "sigma_kms or resolution."
)

_C_KMS = constants.c.to_value("km / s")

_FWHM = 2 * np.sqrt(2 * np.log(2))  # of a Gaussian of dispersion 1

_FIRST, _LAST = 1000.0, 300_000.0  # Angstrom, between which the middle of a galaxy's spectrum lies

_BRIGHTEST = 1e-2  # erg/s/cm2/Angstrom; a galaxy of 10^12 Msun as near as the Magellanic Clouds has less


@dataclass(frozen=True, eq=False)
class Spectrum:
    """A spectrum with its noise, mask, redshift and line-spread function; it cannot be changed.

    Arrays are kept in vacuum, in the observed frame: Angstrom and F_lambda in erg/s/cm2/Angstrom. Numbers without a
    unit are taken to be in these. Hidden pixels have sigma inf: those of the mask, those whose flux is not finite,
    which becomes 0, and those whose sigma is not positive and finite. Where wavelengths are missing between others,
    hidden pixels fill the gap, so that each pixel's edges lie midway to its neighbours.

    Args:
        wavelength: centres of the pixels, ascending.
        flux: F_lambda, or F_nu with a unit, shape (pixels,).
        sigma: standard deviations of the flux, in its unit, shape (pixels,).
        mask: True where a pixel is hidden, shape (pixels,).
        redshift: of the galaxy, 0 or more.
        sigma_kms: dispersion of the line-spread function in km/s that comes on top of the populations' own: a number
            or one for each pixel.
        resolution: the total lambda / FWHM instead, a number or one for each pixel; or a matrix, sparse or not, shape
            (pixels, pixels), as digs.Instrument takes it. Without either the spectrograph adds nothing to the
            populations' own width, which a note says.
        medium: "vacuum" or "air", in which the wavelengths are given.
        light: what part of the galaxy is seen, for instance "fibre" or "total"; None where nobody knows.
        name: of the galaxy, in one line of up to 80 letters.
        notes: sentences on what was assumed when the spectrum was read.
    Raises:
        DigsError: the arrays do not fit each other, have units of something else, or hold no spectrum of a galaxy.

    Example:
        >>> import numpy as np
        >>> from digs.observations import Spectrum
        >>> wavelength = np.arange(4000.0, 7000)
        >>> flux = np.full(3000, 2e-17)
        >>> spectrum = Spectrum(wavelength, flux, 0.1 * flux, wavelength < 4100, redshift=0.05, resolution=1000)
        >>> spectrum.pixels, int(spectrum.mask.sum()), spectrum.instrument().pixels
        (3000, 100, 3000)
    """

    wavelength: Any
    flux: Any
    sigma: Any
    mask: Any = None
    redshift: float = 0.0
    sigma_kms: Any = None
    resolution: Any = None
    medium: Medium = "vacuum"
    light: str | None = None
    name: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self):
        notes = list(_sentences(self.notes))
        wavelength, flux, sigma, mask = self._arrays()
        resolution = self.resolution
        is_matrix = issparse(resolution) or (resolution is not None and np.ndim(resolution) == 2)
        # the door of the instrument checks wavelengths, line-spread function and how they fit
        given = Instrument(wavelength, self.sigma_kms, resolution, integrate=False)
        if hidden := int((mask & ~self._asked(mask.shape)).sum()):
            notes.append(f"{counted(hidden, 'pixel')} without a finite flux and a positive, finite sigma are hidden.")
        grid, places = filled(wavelength, MOST_PIXELS)
        if missing := len(grid) - len(wavelength):
            notes.append(f"{counted(missing, 'pixel')} that fill gaps in the wavelengths are hidden.")
        everywhere = lambda values, other: _spread(values, places, len(grid), other)
        per_pixel = lambda values: None if values is None else np.interp(grid, wavelength, values)
        self._set("wavelength", grid)
        self._set("flux", everywhere(np.where(np.isfinite(flux), flux, 0.0), 0.0))
        self._set("sigma", everywhere(np.where(mask, np.inf, sigma), np.inf))
        self._set("mask", np.isinf(self.sigma))
        self._set("sigma_kms", per_pixel(given.sigma_kms))
        self._set(
            "resolution", fill_matrix(given.matrix, places, len(grid)) if is_matrix else per_pixel(given.resolution)
        )
        self._set("redshift", real_number(self.redshift, "The redshift", 0.0))
        notes = [note for note in notes if note != _NO_WIDTH]  # of another spectrum that this one was made of
        if self.sigma_kms is None and self.resolution is None:
            notes.append(_NO_WIDTH)
        notes = tuple(printable(note, _LONGEST_NOTE) for note in notes)
        texts = {"medium": "vacuum", "name": printable(str(self.name), _LONGEST_NAME), "notes": notes}
        for attribute, value in texts.items():
            object.__setattr__(self, attribute, value)
        self._plausible()
        self.instrument()

    def _set(self, attribute: str, value: Any) -> None:
        for array in (value.data, value.indices, value.indptr) if issparse(value) else (value,):
            if isinstance(array, np.ndarray):
                array.setflags(write=False)
        object.__setattr__(self, attribute, value)

    def _asked(self, shape: tuple[int, ...]) -> np.ndarray:
        """The pixels that the mask hides."""
        if self.mask is None:
            return np.zeros(shape, bool)
        mask = np.asarray(self.mask)
        if mask.shape != shape or mask.dtype != bool:
            raise DigsError(
                f"The mask has shape {mask.shape} and type {mask.dtype}; give True or False for each of the {shape[0]} "
                "pixels, True where one is hidden."
            )
        return mask

    def _arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Wavelengths in vacuum, fluxes, sigma and what is hidden, in the spectrum's units, before gaps are filled."""
        if self.sigma is None:
            raise DigsError("sigma is missing; give the standard deviation of the flux in every pixel.")
        given = {name: read_array(getattr(self, name), name) for name in ("wavelength", "flux", "sigma")}
        for name, found in given.items():
            shape = given["wavelength"].values.shape
            if found.values.ndim != 1 or found.values.shape != shape:
                raise DigsError(f"{name} has shape {found.values.shape}; give one number for each of the pixels.")
        if not 2 <= shape[0] <= MOST_PIXELS:
            raise DigsError(f"The spectrum has {shape[0]} pixels; give 2 to {MOST_PIXELS}.")
        if given["wavelength"].masked.any():
            raise DigsError("Wavelengths are masked; leave out these pixels.")
        wavelength = to_angstrom(given["wavelength"].values.astype(float), given["wavelength"].unit)
        # the order is checked before air is converted, so that messages have the numbers that were given
        Instrument(wavelength, medium=self.medium, integrate=False)
        wavelength = air_to_vacuum(wavelength) if self.medium == "air" else wavelength.copy()
        unit = given["flux"].unit if given["sigma"].unit is None else given["sigma"].unit
        with np.errstate(all="ignore"):  # what is not finite is hidden
            flux = _in_flux("flux", given["flux"], given["flux"].unit, wavelength)
            sigma = _in_flux("sigma", given["sigma"], unit, wavelength)
        hidden = given["flux"].masked | given["sigma"].masked | self._asked(shape)
        return wavelength, flux, sigma, hidden | ~(np.isfinite(flux) & np.isfinite(sigma) & (sigma > 0))

    def _plausible(self) -> None:
        """Refuse what no galaxy's spectrum is, but a wrong unit makes."""
        if self.mask.all():
            raise DigsError("Every pixel is hidden; give a mask that is True where a pixel is bad, and sigma above 0.")
        middle = float(np.median(self.wavelength))
        if not _FIRST <= middle <= _LAST:
            raise DigsError(
                f"The wavelengths lie around {middle:.3g} Angstrom, where no galaxy is observed; give their unit."
            )
        level = float(np.median(np.abs(self.flux[~self.mask])))
        if level > _BRIGHTEST:
            raise DigsError(
                f"The flux has a median of {level:.3g} erg/s/cm2/Angstrom, more than any galaxy's; give its unit, "
                "with the power of ten."
            )
        if not self.flux[~self.mask].any():
            raise DigsError("The flux is 0 in every pixel that is not hidden; give a spectrum.")

    @property
    def pixels(self) -> int:
        """Return how many pixels there are, hidden ones included."""
        return len(self.wavelength)

    @property
    def digest(self) -> str:
        """Return the SHA-256 of all that a posterior depends on, as hexadecimal digits."""
        found = hashlib.sha256()
        matrix = self.resolution if issparse(self.resolution) else None
        lsf = (matrix.data, matrix.indices, matrix.indptr) if matrix is not None else (self.resolution,)
        for part in (self.wavelength, self.flux, self.sigma, self.redshift, self.sigma_kms, *lsf):
            found.update(b"none" if part is None else np.ascontiguousarray(part).tobytes())
            found.update(b"|")
        return found.hexdigest()

    def instrument(self, dispersion_kms: float = 0.0) -> Instrument:
        """Return the instrument that saw the spectrum.

        Args:
            dispersion_kms: of the galaxy's stars along the line of sight, in km/s, which is added in quadrature.
        Raises:
            DigsError: the dispersion is negative, or the line-spread function is a matrix, to which nothing is added.
        """
        dispersion = real_number(dispersion_kms, "The velocity dispersion", 0.0)
        sigma_kms, resolution = self.sigma_kms, self.resolution
        if dispersion and issparse(resolution):
            raise DigsError("The line-spread function is a matrix; a velocity dispersion cannot be added to it.")
        if dispersion and resolution is not None:
            resolution = 1 / np.hypot(1 / resolution, _FWHM * dispersion / _C_KMS)
        elif dispersion:
            sigma_kms = np.hypot(0.0 if sigma_kms is None else sigma_kms, dispersion)
        return Instrument(self.wavelength, sigma_kms, resolution)

    def __reduce__(self):
        """Pickle by the arguments, so that what is loaded is checked and cannot be changed either."""
        return (Spectrum, tuple(getattr(self, each.name) for each in fields(self)))

    def __repr__(self):
        first, last = self.wavelength[[0, -1]]
        named = f"'{self.name}', " if self.name else ""
        return (
            f"Spectrum({named}{self.pixels} pixels, {int(self.mask.sum())} hidden, {first:.0f} to {last:.0f} Angstrom, "
            f"redshift {self.redshift:g})"
        )


def _in_flux(name: str, given: Values, unit: Any, wavelength: np.ndarray) -> np.ndarray:
    values = given.values.astype(float)
    return values if unit is None else values * flux_factor(unit, wavelength, name)


def _spread(values: np.ndarray, places: np.ndarray, pixels: int, other: float) -> np.ndarray:
    found = np.full(pixels, other)
    found[places] = values
    return found


def _sentences(given: Any) -> tuple[str, ...]:
    if isinstance(given, str) or not all(isinstance(each, str) for each in given):
        raise DigsError("The notes are no list of sentences; give a list of texts.")
    return tuple(given)
