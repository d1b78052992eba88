"""FITS of the surveys that the package specutils knows and digs has no reader of its own for."""

import numpy as np

from digs.base.errors import DigsError
from digs.observations.opened_file import OpenedFile
from digs.observations.raw_spectrum import RawSpectrum, Stack

# readers that take any file, guess what it leaves out, or open others than the one that is named; and that of spSpec,
# which puts every pixel one too far to the red (specutils 2.4.0)
_REFUSED_READERS = ("sdss", "tabular", "wcs", "ascii", "ecsv", "ipac", "cube", "miri mrs", "iraf")


def survey_spectra(file: OpenedFile) -> Stack | None:
    """Return the spectra of a file that specutils knows by its content; None if it does not.

    Raises:
        DigsError: specutils cannot read what it knows.
    """
    if file.packed:
        return None
    from specutils import SpectrumList
    from specutils.io.registers import identify_spectrum_format

    known = identify_spectrum_format(str(file.path), SpectrumList)
    known = [known] if isinstance(known, str) else list(known)
    kinds = [kind for kind in known if not any(word in kind.lower() for word in _REFUSED_READERS)]
    if not kinds:
        return None
    spectra = SpectrumList.read(str(file.path), format=kinds[0])
    rows = [(spectrum, row) for spectrum in spectra for row in np.ndindex(np.shape(spectrum.flux)[:-1])]
    if not rows:
        raise DigsError(f"{file.name} is known to specutils ({kinds[0]}), which finds no spectrum in it.")
    return Stack(len(rows), lambda number: _raw(kinds[0], number, *rows[number]))


def _raw(kind: str, number: int, spectrum, row: tuple[int, ...]) -> RawSpectrum:
    from astropy.nddata import StdDevUncertainty

    sigma = None
    if spectrum.uncertainty is not None:
        with np.errstate(all="ignore"):
            deviation = spectrum.uncertainty.represent_as(StdDevUncertainty)
        sigma = np.asarray(deviation.array, float)[row]
        if deviation.unit is not None:
            sigma = sigma * deviation.unit.to(spectrum.flux.unit)
    hidden = None if spectrum.mask is None else np.broadcast_to(spectrum.mask, spectrum.flux.shape)[row].astype(bool)
    redshift = getattr(spectrum, "redshift", None)
    redshift = None if redshift is None or not float(redshift) > 0 else float(redshift)
    return RawSpectrum(
        np.asarray(spectrum.spectral_axis.value, float),
        np.asarray(spectrum.flux.value, float)[row],
        sigma,
        hidden,
        spectrum.spectral_axis.unit,
        spectrum.flux.unit,
        redshift=redshift,
        name=f"spectrum {number}",
        notes=(f"The file was read by specutils, as {kind}.",),
    )
