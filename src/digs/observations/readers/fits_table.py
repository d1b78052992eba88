"""Tables in FITS: one spectrum in rows, or one a row, as ESO's phase 3 (LEGA-C among them) and JWST's x1d have them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from astropy.io import fits

from digs.base.errors import DigsError
from digs.observations.columns import Column, raw_of_columns, roles_of, unit_in_name
from digs.observations.header_facts import header_facts
from digs.observations.raw_spectrum import RawSpectrum, Stack
from digs.observations.readers.fits_parts import column_values, is_vector

_AXES = {"wavelength", "log10_wavelength"}

_OF_ROW = {"resolution", "sigma_kms"}  # which may be one number a spectrum

_JWST = {"EXTRACT1D", "COMBINE1D"}


def table_spectra(file: str, hdus: fits.HDUList, chosen: Mapping[str, str] | None) -> Stack | None:
    """Return the spectra of all tables that have wavelengths and fluxes; None if there are none.

    Args:
        file: what messages call it.
        hdus: the parts of the file.
        chosen: names of columns that the user gives, by role.
    Raises:
        DigsError: columns are ambiguous.
    """
    tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU)]
    spectra, unclear = [], []
    for table in tables:
        here = {role: name for role, name in (chosen or {}).items() if name in table.columns.names}
        try:
            roles = roles_of(file, list(table.columns.names), here)
        except DigsError as error:
            unclear.append(error)
            continue
        axis = next((roles[role] for role in roles if role in _AXES), None)
        if axis is None or "flux" not in roles or not len(table.data):
            continue
        vectors = is_vector(table, axis)
        spectra += [(table, roles, row) for row in (range(len(table.data)) if vectors else (None,))]
    if not spectra:
        if unclear:
            raise unclear[0]
        if chosen:
            shown = ", ".join(name for table in tables for name in table.columns.names)[:200] or "none"
            raise DigsError(f"{file} has no table with the columns that are given; its columns are {shown}.")
        return None
    return Stack(len(spectra), lambda number: _spectrum(file, hdus[0].header, *spectra[number]))


def _spectrum(file: str, primary: fits.Header, table: Any, roles: Mapping[str, str], row: int | None) -> RawSpectrum:
    header = table.header
    if header.get("CONTNORM", primary.get("CONTNORM", False)) is True:
        raise DigsError(f"{file} is normalised to its continuum (CONTNORM); give the spectrum before that.")
    own = {} if row is None else _of_row(table, row)
    facts = header_facts(file, own, header, primary)
    roles = {role: name for role, name in roles.items() if row is None or role not in _OF_ROW or is_vector(table, name)}
    used = {name: _column(file, table, name, row) for name in roles.values()}
    if any(row is not None and not is_vector(table, name) for name in used):
        scalar = next(name for name in used if not is_vector(table, name))
        raise DigsError(f"{file} has one number a spectrum in {scalar!r}; give it for each pixel, or as an option.")
    raw = raw_of_columns(file, used, facts, roles)
    jwst = header.get("EXTNAME") in _JWST and primary.get("TELESCOP") == "JWST"
    notes, known = raw.notes, raw.medium is not None or "medium" in raw.doubts
    if jwst:
        notes = (*notes, "The wavelengths of JWST are in vacuum.")
        if str(header.get("SRCTYPE")).upper() == "EXTENDED":
            notes = (*notes, "JWST holds the source for extended, so that its flux is that of the aperture.")
    return replace(
        raw,
        medium=raw.medium if known else "vacuum" if jwst else _medium_of_eso(table, roles, primary),
        light=raw.light or _light_of_eso(primary),
        name=facts.name or (file if row is None else f"row {row}"),
        notes=notes,
    )


def _column(file: str, table: Any, name: str, row: int | None) -> Column:
    number = table.columns.names.index(name)
    unit = table.columns[number].unit or unit_in_name(name)
    return Column(unit, lambda: np.ravel(column_values(file, table, name, row)))


def _of_row(table: Any, row: int) -> dict[str, Any]:
    """What short columns say of one row, as header_facts takes it: redshift and name, for instance."""
    names = [name for name in table.columns.names if not is_vector(table, name) or "A" in table.columns[name].format]
    return {name: table.data[name][row] for name in names if len(name) <= 10}


def _medium_of_eso(table: Any, roles: Mapping[str, str], primary: fits.Header) -> str | None:
    """By the meaning that ESO's standard of science data products gives the column of wavelengths."""
    name = roles.get("wavelength")
    if name is None or "ESO" not in str(primary.get("ORIGIN", "")) + str(table.header.get("VOPUB", "")):
        return None
    meaning = str(table.header.get(f"TUCD{table.columns.names.index(name) + 1}", ""))
    return "air" if meaning == "em.wl;obs.atmos" else "vacuum" if meaning == "em.wl" else None


def _light_of_eso(primary: fits.Header) -> str | None:
    total = primary.get("TOT_FLUX")
    return None if not isinstance(total, bool) else "total" if total else "aperture"
