"""DESI: coadd and spectra files, whose arms b, r and z are joined (https://desidatamodel.readthedocs.io)."""

import numpy as np
from astropy.io import fits
from scipy.sparse import csr_array, dia_array, eye_array, vstack

from digs.base.errors import DigsError
from digs.observations.raw_spectrum import RawSpectrum, Stack, sigma_of
from digs.observations.readers.fits_parts import image_values

_PARTS = ("WAVELENGTH", "FLUX", "IVAR")

_SAME = 0.01  # Angstrom, within which pixels of two arms are one

_LEAST_SUM = 0.5  # of a row of the resolution matrix, below which it says nothing

_UNIT = "1e-17 erg/s/cm2/Angstrom"


def desi_spectra(file: str, hdus: fits.HDUList) -> Stack | None:
    """Return the spectra of a DESI file; None if it is another."""
    names = {hdu.name: hdu for hdu in hdus}
    arms = [arm for arm in ("B", "R", "Z", "BRZ") if all(f"{arm}_{part}" in names for part in _PARTS)]
    if not arms:
        return None
    shapes = {names[f"{arm}_FLUX"].shape[:1] for arm in arms}
    if len(shapes) != 1 or any(len(names[f"{arm}_FLUX"].shape) != 2 for arm in arms):
        raise DigsError(f"{file} has arms of different numbers of spectra; fetch it again.")
    return Stack(names[f"{arms[0]}_FLUX"].shape[0], lambda row: _joined(file, names, arms, row))


def _joined(file: str, names: dict, arms: list[str], row: int) -> RawSpectrum:
    """The mean of the arms, weighted by inverse variance where two of them see a pixel, and its matrix likewise."""
    parts = [_arm(file, names, arm, row) for arm in arms]
    wavelength = np.unique(np.concatenate([part[0] for part in parts]).round(3))
    places = [np.searchsorted(wavelength, part[0] - _SAME) for part in parts]
    for part, place in zip(parts, places, strict=True):
        if np.abs(wavelength[place] - part[0]).max() > _SAME:
            raise DigsError(f"{file} has arms whose pixels do not fall together; fetch it again.")
    weight, summed, hidden = np.zeros(len(wavelength)), np.zeros(len(wavelength)), np.ones(len(wavelength), bool)
    rows = []
    for (_, flux, inverse, bad, matrix), place in zip(parts, places, strict=True):
        inverse = np.where(bad, 0.0, inverse)
        np.add.at(weight, place, inverse)
        np.add.at(summed, place, inverse * np.where(bad, 0.0, flux))
        hidden[place] &= bad
        if matrix is not None:
            spread = csr_array((np.ones(len(place)), (place, np.arange(len(place)))), (len(wavelength), len(place)))
            rows.append(spread @ (matrix.multiply(inverse[:, None])).tocsr() @ spread.T)
    seen = np.where(weight > 0, weight, 1.0)
    matrix = None
    if len(rows) == len(parts):
        total = sum(rows[1:], rows[0]).multiply(1 / seen[:, None]).tocsr()
        matrix = _own_light(total, weight > 0)
    name, notes = _target(names, row)
    return RawSpectrum(
        wavelength,
        summed / seen,
        sigma_of(weight),
        hidden,
        "Angstrom",
        str(names[f"{arms[0]}_FLUX"].header.get("BUNIT") or _UNIT),
        medium="vacuum",
        resolution=matrix,
        light="fibre",
        name=name,
        notes=(
            "The wavelengths of DESI are in vacuum and barycentric, its fluxes those of a fibre.",
            "Rows of DESI's resolution matrix were scaled to sum to 1, and the ends of its arms left out.",
            *notes,
        ),
    )


def _arm(file: str, names: dict, arm: str, row: int) -> tuple:
    """Wavelengths, flux, inverse variance, what is hidden, and the resolution matrix of one arm."""
    part = lambda what, *place: image_values(file, names[f"{arm}_{what}"], place)
    wavelength, flux, inverse = part("WAVELENGTH"), part("FLUX", row), part("IVAR", row)
    hidden = ~(np.isfinite(flux) & np.isfinite(inverse) & (inverse > 0))
    if f"{arm}_MASK" in names:
        hidden |= part("MASK", row) != 0
    if not wavelength.shape == flux.shape == inverse.shape == hidden.shape:
        raise DigsError(f"{file} has parts of different lengths in its arm {arm.lower()}; fetch it again.")
    if not np.isfinite(wavelength).all() or (np.diff(wavelength) <= 0).any():
        raise DigsError(f"{file} has wavelengths that do not ascend in its arm {arm.lower()}; fetch it again.")
    if f"{arm}_RESOLUTION" not in names:
        return wavelength, flux, inverse, hidden, None
    diagonals = part("RESOLUTION", row)
    count = len(diagonals)
    if diagonals.ndim != 2 or diagonals.shape[1] != len(flux):
        raise DigsError(f"{file} has a resolution matrix of another length in its arm {arm.lower()}; fetch it again.")
    offsets = np.arange(count // 2, count // 2 - count, -1)
    matrix = dia_array((diagonals, offsets), shape=(len(flux), len(flux))).tocsr()
    sums = matrix.sum(1)
    # at the ends of an arm its rows are cut off; elsewhere they sum to 1, but for coadds' weights near bad pixels
    hidden[: count // 2] = hidden[-(count // 2) :] = True
    hidden |= ~(np.isfinite(sums) & (sums > _LEAST_SUM))
    return wavelength, flux, inverse, hidden, csr_array(matrix.multiply(1 / np.where(hidden, 1.0, sums)[:, None]))


def _own_light(matrix: csr_array, seen: np.ndarray) -> csr_array:
    """The matrix, with hidden pixels, of which it says nothing, seeing themselves."""
    sums = matrix.sum(1)
    keep = seen & np.isfinite(sums) & (sums > 0)
    both = vstack([matrix, eye_array(len(seen), format="csr")], format="csr")
    return csr_array(both[np.where(keep, np.arange(len(seen)), len(seen) + np.arange(len(seen)))])


def _target(names: dict, row: int) -> tuple[str, tuple[str, ...]]:
    """Who the spectrum is of, and what the map of fibres says against it."""
    fibres = getattr(names.get("FIBERMAP"), "data", None)
    if fibres is None or row >= len(fibres):
        return f"spectrum {row}", ()
    said = lambda key: fibres[key][row] if key in fibres.names else None
    notes = []
    if str(said("OBJTYPE") or "").strip() == "SKY":
        notes.append("The fibre looked at the sky, not at a galaxy.")
    if said("COADD_FIBERSTATUS") not in (None, 0):
        notes.append(f"DESI warns of the fibre (COADD_FIBERSTATUS {int(said('COADD_FIBERSTATUS'))}).")
    if said("EBV") is not None and np.isfinite(said("EBV")) and said("EBV") > 0:
        notes.append(f"DESI gives E(B-V) = {float(said('EBV')):.4f} for the Milky Way.")
    return f"TARGETID {said('TARGETID')}" if said("TARGETID") is not None else f"spectrum {row}", tuple(notes)
