"""SDSS: spec and spSpec files of one spectrum each, spPlate files of a whole plate (https://data.sdss.org/datamodel)."""

import math
from typing import Any

import numpy as np
from astropy.io import fits

from digs.observations.header_facts import HeaderFacts, header_facts
from digs.observations.raw_spectrum import RawSpectrum, Stack, sigma_of
from digs.observations.readers.fits_parts import column_values, image_values

_UNIT = "1e-17 erg/s/cm2/Angstrom"  # of files without BUNIT

_STEP = 1e-4  # log10 of the ratio of neighbouring wavelengths

_FWHM = 2 * math.sqrt(2 * math.log(2))  # of a Gaussian of dispersion 1

_ROWS = 5  # of spSpec: flux, flux less continuum, sigma, two masks

_COLUMNS = {"flux", "loglam", "ivar", "and_mask"}


def sdss_spectra(file: str, hdus: fits.HDUList) -> Stack | None:
    """Return the spectra of an SDSS file; None if it is another."""
    names = {hdu.name: hdu for hdu in hdus}
    first = hdus[0]
    coadd = names.get("COADD", hdus[1] if len(hdus) > 1 else None)
    if isinstance(coadd, fits.BinTableHDU) and {name.lower() for name in coadd.columns.names} >= _COLUMNS:
        return Stack(1, lambda _: _spec(file, hdus, coadd))
    if (
        "COEFF0" in first.header
        and len(first.shape) == 2
        and first.shape[0] == _ROWS
        and first.header.get("FIBERID", 0) > 0
    ):
        return Stack(1, lambda _: _sp_spec(file, first))
    if "COEFF0" in first.header and len(hdus) > 4 and len(first.shape) == 2 and hdus[1].shape == first.shape:
        return Stack(first.shape[0], lambda row: _plate(file, hdus, row))
    return None


def _spec(file: str, hdus: fits.HDUList, coadd: fits.BinTableHDU) -> RawSpectrum:
    place = {name.lower(): name for name in coadd.columns.names}
    column = lambda name: np.asarray(column_values(file, coadd, place[name]), float)
    redshift, doubts = _redshift(hdus)
    facts = header_facts(file, coadd.header, hdus[0].header)
    wdisp = column("wdisp") if "wdisp" in place else None
    return _raw(
        facts,
        10 ** column("loglam"),
        column("flux"),
        sigma_of(column("ivar")),
        column("and_mask") != 0,
        hdus[0].header,
        redshift=redshift,
        resolution=_resolution(wdisp, float(hdus[0].header.get("COEFF1", _STEP))),
        name=facts.name or file,
        doubts=doubts,
    )


def _sp_spec(file: str, image: fits.PrimaryHDU) -> RawSpectrum:
    header = image.header
    flux, _, sigma, hidden, _ = image_values(file, image)
    facts = header_facts(file, header)
    return _raw(
        facts,
        10 ** (float(header["COEFF0"]) + float(header["COEFF1"]) * np.arange(len(flux))),
        flux,
        sigma,
        hidden != 0,
        header,
        redshift=None if header.get("Z_WARNIN") else header.get("Z"),
        name=facts.name or file,
    )


def _plate(file: str, hdus: fits.HDUList, row: int) -> RawSpectrum:
    header = hdus[0].header
    pixels = np.arange(hdus[0].shape[1])
    image = lambda number: image_values(file, hdus[number], (row, slice(None)))
    same = lambda number: len(hdus) > number and getattr(hdus[number], "shape", None) == hdus[0].shape
    facts = header_facts(file, header)
    return _raw(
        facts,
        10 ** (float(header["COEFF0"]) + float(header["COEFF1"]) * pixels),
        image(0),
        sigma_of(image(1)),
        image(2) != 0 if same(2) else None,
        header,
        redshift=None,
        resolution=_resolution(image(4), float(header["COEFF1"])) if same(4) else None,
        name=f"fibre {row + 1}",
    )


def _raw(facts: HeaderFacts, wavelength, flux, sigma, hidden, header: fits.Header, **said: Any) -> RawSpectrum:
    unit = str(header.get("BUNIT") or _UNIT).replace("/cm/s/", "/cm^2/s/")  # as spSpec misspells it
    return RawSpectrum(
        wavelength,
        flux,
        sigma,
        hidden,
        "Angstrom",
        unit,
        medium=facts.medium or "vacuum",
        light="fibre",
        notes=("The wavelengths of SDSS are in vacuum and heliocentric, its fluxes those of a fibre.",),
        **said,
    )


def _redshift(hdus: fits.HDUList) -> tuple[float | None, dict[str, str]]:
    """Of the table of one row that the pipeline adds; a doubt where it warns of it."""
    for hdu in hdus[2:4]:
        names = {name.upper() for name in getattr(getattr(hdu, "columns", None), "names", ())}
        if names >= {"Z", "ZWARNING"} and len(hdu.data) == 1:
            redshift, warning = float(hdu.data["Z"][0]), int(hdu.data["ZWARNING"][0])
            if warning == 0:
                return redshift, {}
            return None, {"redshift": f"{redshift:.6g}, of which SDSS warns (ZWARNING {warning})"}
    return None, {}


def _resolution(wdisp: np.ndarray | None, step: float) -> np.ndarray | None:
    """Total lambda / FWHM of dispersions in pixels; pixels without one have that of their neighbours."""
    if wdisp is None:
        return None
    good = np.isfinite(wdisp) & (wdisp > 0)
    if not good.any() or not step > 0:
        return None
    pixels = np.arange(len(wdisp))
    dispersion = np.interp(pixels, pixels[good], wdisp[good]) * step * math.log(10)
    return 1 / (_FWHM * dispersion)
