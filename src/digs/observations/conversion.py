"""From what a file says, and what the user adds, to a spectrum in the units of the simulator."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from astropy import constants
from scipy.sparse import issparse

from digs.base.errors import DigsError
from digs.base.inputs import real_number
from digs.observations.lines import line_pixels
from digs.observations.milky_way import brightening, check_law
from digs.observations.pixel_scatter import scatter
from digs.observations.printable import counted
from digs.observations.raw_spectrum import RawSpectrum
from digs.observations.spectral_units import read_unit, to_angstrom
from digs.observations.spectrum import Spectrum
from digs.physics.air import air_to_vacuum
from digs.physics.instrument import Medium

_FASTEST = 35.0  # km/s: the Earth's motion around the Sun, with its own rotation

_C_KMS = constants.c.to_value("km / s")


@dataclass(frozen=True)
class ReadingOptions:
    """What the user says of a file, which counts more than what the file says: the arguments of `read`."""

    redshift: float | Sequence[float] | None = None
    resolution: Any = None
    sigma_kms: Any = None
    medium: Medium | None = None
    mask_lines: str | Sequence[Any] = ()
    ebv: float | None = None
    dust_law: str = "G23"
    wavelength_unit: Any = None
    flux_unit: Any = None
    columns: Mapping[str, str] | None = None
    barycentric_kms: float | None = None
    light: str | None = None

    def __post_init__(self):
        check_law(self.dust_law)
        if self.resolution is not None and self.sigma_kms is not None:
            raise DigsError("Both resolution and sigma_kms are given; give one of them.")
        if not (self.medium is None or (isinstance(self.medium, str) and self.medium in ("air", "vacuum"))):
            raise DigsError(f"The medium is {str(self.medium)[:40]!r}; give 'vacuum' or 'air'.")
        if not (self.columns is None or isinstance(self.columns, Mapping)):
            raise DigsError("columns is no dictionary; give, for instance, {'flux': 'FLUX_CORRECTED'}.")


def spectrum_of(file: str, raw: RawSpectrum, options: ReadingOptions, row: int = 0, count: int = 1) -> Spectrum:
    """Return the spectrum, with a sentence on everything that was assumed.

    Args:
        file: what messages call it.
        raw: what the file says.
        options: what the user says.
        row: of the spectrum in the file, which counts where redshifts are a list.
        count: of the spectra in the file, of which such a list has one each.
    Raises:
        DigsError: unit, medium, redshift or resolution is neither in the file nor given; or, as of Spectrum.
    """
    raw = _trimmed(file, raw)
    notes = list(raw.notes)
    wavelength_unit = read_unit(options.wavelength_unit, "wavelength_unit", "it in Angstrom, nm or micron")
    wavelength_unit = wavelength_unit or read_unit(raw.wavelength_unit, f"The wavelength of {file}", "wavelength_unit")
    flux_unit = read_unit(options.flux_unit, "flux_unit", "it as '1e-17 erg/s/cm2/Angstrom', for instance")
    own_unit = read_unit(raw.flux_unit, f"The flux of {file}", "flux_unit")
    flux_unit = flux_unit or own_unit
    sigma_unit = read_unit(raw.sigma_unit, f"The sigma of {file}", "flux_unit")
    if sigma_unit is not None and own_unit is None and flux_unit is not None and sigma_unit != flux_unit:
        raise DigsError(
            f"{file} has the unit '{sigma_unit}' for its noise and none for its flux, so that it is not clear what "
            f"flux_unit='{flux_unit}' is of; write the unit of the flux into the file."
        )
    if sigma_unit is None or sigma_unit == own_unit:
        sigma_unit = flux_unit
    medium = options.medium or raw.medium
    redshift = _redshift(file, options.redshift, raw.redshift, row, count)
    resolution, sigma_kms = options.resolution, options.sigma_kms
    if resolution is None and sigma_kms is None:
        resolution, sigma_kms = raw.resolution, raw.sigma_kms
    width = sigma_kms if resolution is None else resolution
    _ask(
        file,
        raw.doubts,
        wavelength_unit=("the unit of the wavelengths", wavelength_unit),
        flux_unit=("the unit of the flux", flux_unit),
        medium=("whether wavelengths are in vacuum or air", medium),
        redshift=("the redshift", redshift),
        resolution=("the width of the line-spread function", width),
    )
    if options.redshift is None:
        notes.append(f"The redshift {redshift:.6g} is that of the file.")
    if options.resolution is None and options.sigma_kms is None:
        notes.append(f"The line-spread function is that of the file, {_in_words(resolution, sigma_kms)}.")
    wavelength = to_angstrom(raw.wavelength, wavelength_unit)
    if medium == "air":
        wavelength = air_to_vacuum(wavelength)
        notes.append("The wavelengths were converted from air to vacuum (Ciddor 1996).")
    if options.barycentric_kms is not None:
        velocity = real_number(options.barycentric_kms, "barycentric_kms", -_FASTEST)
        if velocity > _FASTEST:
            raise DigsError(f"barycentric_kms is {velocity:g}; give km/s, {_FASTEST:g} or less.")
        wavelength = wavelength * (1 + velocity / _C_KMS)
        notes.append(f"The wavelengths were moved by {velocity:g} km/s to the solar system's barycentre.")
    hidden = np.zeros(wavelength.shape, bool) if raw.hidden is None else raw.hidden
    if hidden.any():
        notes.append(f"The file's mask hides {int(hidden.sum())} of {len(hidden)} pixels.")
    sigma = raw.sigma
    if sigma is None:
        sigma = scatter(raw.flux, hidden)
        notes.append(
            "The file has no noise, so sigma was estimated from the scatter of neighbouring pixels, which is too small "
            "where their noise is correlated."
        )
    flux = raw.flux
    if options.ebv is None:
        notes.append("The Milky Way's dust was not corrected for; give ebv to do so.")
    else:
        factor = brightening(wavelength, options.ebv, options.dust_law)
        flux, sigma = flux * factor, sigma * factor
        notes.append(f"The Milky Way's dust was corrected for, E(B-V) = {float(options.ebv):g}, {options.dust_law}.")
    if options.mask_lines:
        on_lines = line_pixels(wavelength, redshift, options.mask_lines)
        hidden = hidden | on_lines
        notes.append(f"Lines that were asked for hide {counted(int(on_lines.sum()), 'pixel')}.")
    return Spectrum(
        wavelength,
        flux * flux_unit,
        sigma * sigma_unit,
        hidden,
        redshift,
        sigma_kms,
        resolution,
        light=options.light or raw.light,
        name=raw.name,
        notes=tuple(notes),
    )


def _ask(file: str, doubts: Mapping[str, str], **facts: tuple[str, Any]) -> None:
    """Ask for the facts, by the names of the options, that are still None."""
    missing = [
        f"{what} (give {option}{', lambda / FWHM, or sigma_kms' if option == 'resolution' else ''}"
        f"{', as it has ' + doubts[option] if option in doubts else ''})"
        for option, (what, value) in facts.items()
        if value is None
    ]
    if missing:
        raise DigsError(f"{file} does not clearly say {'; '.join(missing)}.")


def _in_words(resolution: Any, sigma_kms: Any) -> str:
    if _is_matrix(resolution):
        return "a matrix"
    if resolution is not None:
        return f"lambda / FWHM of {np.median(resolution):.0f}"
    return f"{np.median(sigma_kms):.0f} km/s on top of the populations' own"


def _redshift(file: str, given: Any, said: float | None, row: int, count: int) -> float | None:
    """The redshift that is given, for all spectra or for each, else the one that the file says."""
    if given is None:
        return said
    if np.ndim(given) == 0:
        return real_number(given, "The redshift", 0.0)
    if np.shape(given) != (count,):
        raise DigsError(
            f"The redshifts have the shape {np.shape(given)}, and {file} has {counted(count, 'spectrum', 'spectra')}; "
            "give one redshift for each of the file's spectra, or one for all."
        )
    return real_number(given[row], f"The redshift of spectrum {row}", 0.0)


def _trimmed(file: str, raw: RawSpectrum) -> RawSpectrum:
    """Leave out pixels at the ends that have no wavelength, with which some archives fill up rows."""
    usable = np.flatnonzero(np.isfinite(raw.wavelength) & (raw.wavelength > 0))
    if not len(usable):
        raise DigsError(f"{file} has no wavelength that is finite and above 0.")
    kept = slice(usable[0], usable[-1] + 1)
    count = len(raw.wavelength)
    if kept == slice(0, count):
        return raw
    note = f"{count - (kept.stop - kept.start)} pixels at the ends without a wavelength were left out."
    cut = lambda values: values[kept] if np.ndim(values) == 1 and np.size(values) == count else values
    parts = {each: cut(getattr(raw, each)) for each in ("wavelength", "flux", "sigma", "hidden", "sigma_kms")}
    resolution = raw.resolution[kept, kept] if _is_matrix(raw.resolution) else cut(raw.resolution)
    return replace(raw, **parts, resolution=resolution, notes=(*raw.notes, note))


def _is_matrix(given: Any) -> bool:
    return issparse(given) or np.ndim(given) == 2
