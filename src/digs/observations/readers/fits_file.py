"""FITS files of any kind: the reader that knows the file, found by what is in it."""

from collections.abc import Mapping
from dataclasses import replace

from digs.base.errors import DigsError
from digs.observations.opened_file import OpenedFile
from digs.observations.raw_spectrum import RawSpectrum, Stack
from digs.observations.readers.desi import desi_spectra
from digs.observations.readers.fits_image import image_spectra
from digs.observations.readers.fits_parts import open_parts
from digs.observations.readers.fits_table import table_spectra
from digs.observations.readers.sdss import sdss_spectra
from digs.observations.readers.specutils_surveys import survey_spectra


def fits_spectra(file: OpenedFile, columns: Mapping[str, str] | None) -> Stack:
    """Return the spectra of a FITS file.

    Args:
        file: opened for reading.
        columns: names of a table's columns that the user gives, by role.
    Raises:
        DigsError: it is damaged, or of a kind that is not read.
    """
    hdus, notes = open_parts(file)
    readers = (
        lambda: sdss_spectra(file.name, hdus),
        lambda: desi_spectra(file.name, hdus),
        lambda: table_spectra(file.name, hdus, columns),
        lambda: image_spectra(file.name, hdus),
        lambda: survey_spectra(file),
    )
    for reader in readers:
        if (found := reader()) is not None:
            return Stack(found.count, lambda number: _with_notes(found.get(number), notes))
    shown = ", ".join(f"{hdu.name or number} ({type(hdu).__name__})" for number, hdu in enumerate(hdus[:8]))
    raise DigsError(
        f"{file.name} has no spectrum that is known as one (its parts: {shown[:200]}); save it as a table with columns "
        "wavelength, flux and sigma."
    )


def _with_notes(raw: RawSpectrum, notes: tuple[str, ...]) -> RawSpectrum:
    return replace(raw, notes=(*raw.notes, *notes))
