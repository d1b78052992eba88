"""Images in FITS: spectra along one axis, and MUSE's cubes, in whose headers the wavelengths stand."""

from typing import Any

import numpy as np
from astropy.io import fits

from digs.base.errors import DigsError
from digs.observations.columns import sigma_of_noise
from digs.observations.header_facts import header_facts
from digs.observations.raw_spectrum import RawSpectrum, Stack
from digs.observations.readers.fits_parts import image_values

_NOISE = {
    "sigma": {"ERR", "ERROR", "ERRS", "SIGMA", "UNCERT", "UNCERTAINTY", "STD", "STDEV", "NOISE"},
    "variance": {"STAT", "VAR", "VARIANCE"},
    "ivar": {"IVAR", "INVVAR"},
}

_MASK = {"MASK", "DQ", "FLAG", "FLAGS", "QUAL"}

_FLUX = {"", "PRIMARY", "DATA", "FLUX", "SCI", "SPECTRUM"}

_LINEAR = {"WAVE", "AWAV", "LINEAR", "WAVELENGTH", "LAMBDA", ""}

_LOGARITHMIC = {"WAVE-LOG", "AWAV-LOG"}


def image_spectra(file: str, hdus: fits.HDUList) -> Stack | None:
    """Return the spectra of an image of one axis, or of a cube with wavelengths along its third; None if there is none.

    Those of a cube are counted row by row from its first corner.
    """
    images = [hdu for hdu in hdus if hdu.is_image and len(hdu.shape) in (1, 3) and hdu.name in _FLUX]
    images = [hdu for hdu in images if f"CRVAL{_axis(hdu)}" in hdu.header]
    if not images:
        return None
    image = images[0]
    beside = {hdu.name: hdu for hdu in hdus if hdu is not image and hdu.is_image and hdu.shape == image.shape}
    across = image.shape[1:]
    place = lambda number: (slice(None), *(int(each) for each in np.unravel_index(number, across))) if across else ()
    count = int(np.prod(across, dtype=object)) if across else 1
    return Stack(count, lambda number: _spectrum(file, hdus[0].header, image, beside, place(number)))


def _axis(image: Any) -> int:
    return len(image.shape)  # FITS counts axes the other way round


def _spectrum(file: str, primary: fits.Header, image: Any, beside: dict[str, Any], place: tuple) -> RawSpectrum:
    header = image.header
    facts = header_facts(file, {"CTYPE1": header.get(f"CTYPE{_axis(image)}", "")}, header, primary)
    mask = next((image_values(file, beside[name], place) for name in beside if name in _MASK), None)
    sigma, sigma_unit = _noise(file, beside, place)
    wavelength, unit, medium = _wavelengths(file, header, _axis(image), image.shape[0])
    resolution, notes = facts.resolution, facts.notes
    if "MUSE" in str(primary.get("INSTRUME", "")) and len(image.shape) == 3:
        resolution, notes = (
            _muse(wavelength, unit),
            (*notes, "The resolution is MUSE's, of Bacon et al. (2017, eq. 8)."),
        )
    where = f", row {place[1]}, column {place[2]}" if place else ""
    return RawSpectrum(
        wavelength,
        image_values(file, image, place),
        sigma,
        None if mask is None else mask != 0,
        unit,
        header.get("BUNIT", primary.get("BUNIT")),
        sigma_unit,
        medium=medium or facts.medium,
        redshift=facts.redshift,
        resolution=resolution,
        light=facts.light or ("one spaxel" if place else None),
        name=f"{facts.name or file}{where}",
        notes=notes,
        doubts=facts.doubts,
    )


def _noise(file: str, beside: dict[str, Any], place: tuple) -> tuple[np.ndarray | None, Any]:
    """The standard deviations of one spectrum, and their own unit if they have one."""
    there = [(role, name) for role, names in _NOISE.items() for name in beside if name in names]
    if not there:
        return None, None
    if len(there) > 1:
        shown = " and ".join(repr(name) for _, name in there)
        raise DigsError(f"{file} has the noise twice, {shown}; keep one of these extensions.")
    role, name = there[0]
    return sigma_of_noise(file, role, image_values(file, beside[name], place), beside[name].header.get("BUNIT"))


def _wavelengths(file: str, header: fits.Header, axis: int, pixels: int) -> tuple[np.ndarray, Any, str | None]:
    """Wavelengths, their unit as the header spells it, and the medium that the kind of axis implies."""
    kind = str(header.get(f"CTYPE{axis}", "")).strip().upper()
    number = lambda *keys: float(next((header[key] for key in keys if key in header), "nan"))
    start, first = number(f"CRVAL{axis}"), float(header.get(f"CRPIX{axis}", 1.0))
    step = number(f"CD{axis}_{axis}", f"CDELT{axis}")
    pixel = np.arange(1, pixels + 1) - first
    logarithmic = kind in _LOGARITHMIC
    if not (logarithmic or kind in _LINEAR) or not np.isfinite([start, step, first]).all() or step == 0:
        raise DigsError(
            f"{file} has an axis of kind {kind[:20]!r} whose wavelengths are not clear; save it as a table with "
            "columns wavelength, flux and sigma."
        )
    with np.errstate(over="ignore"):
        if header.get("DC-FLAG", 0) == 1:  # IRAF's: log10 of the wavelength
            wavelength = 10 ** (start + step * pixel)
        elif logarithmic:  # Greisen et al. (2006, A&A 446, 747), eq. 5
            wavelength = start * np.exp(step * pixel / start)
        else:
            wavelength = start + step * pixel
    medium = "air" if kind.startswith("AWAV") else "vacuum" if kind.startswith("WAVE-") else None
    return wavelength, header.get(f"CUNIT{axis}"), medium


def _muse(wavelength: np.ndarray, unit: Any) -> np.ndarray | None:
    """Total lambda / FWHM: Bacon et al. (2017, A&A 608, A1), eq. 8."""
    if str(unit).strip().lower() not in ("angstrom", "a"):
        return None
    return wavelength / (5.866e-8 * wavelength**2 - 9.187e-4 * wavelength + 6.040)
