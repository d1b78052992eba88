"""HDF5: datasets that are named as the columns of a table are, of one spectrum or of one in each row."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import h5py

from digs.base.errors import DigsError
from digs.observations.columns import Column, raw_of_columns, roles_of, unpacked
from digs.observations.header_facts import header_facts
from digs.observations.opened_file import OpenedFile
from digs.observations.raw_spectrum import RawSpectrum, Stack
from digs.observations.readers.hdf5_structure import (
    attributes,
    check_readable,
    datasets,
    never_written,
    part_of,
    row,
)

_OF_EITHER = ("resolution", "sigma_kms")  # which may have one value a spectrum, or one a pixel

_OF_GALAXIES = ("redshift", "name", "object", *_OF_EITHER)


def hdf5_spectra(file: OpenedFile, chosen: Mapping[str, str] | None) -> Stack:
    """Return the spectra of an HDF5 file, whose datasets lie at its root or in its only group.

    `flux` has shape (pixels,) or (galaxies, pixels), what else there is the shape of the flux or of a row of it; the
    unit is an attribute. `redshift`, `resolution` and `medium` may be attributes of the file; `redshift`, `resolution`
    and `sigma_kms` may have one value a spectrum, the last two also one a pixel.

    Args:
        file: opened for reading.
        chosen: names of datasets that the user gives, by role.
    Raises:
        DigsError: datasets are missing, too large, or hold objects or links.
    """
    check_readable(file)
    group, said, names = datasets(h5py.File(file.stream, "r"), file.name)
    roles = roles_of(file.name, names, chosen)
    if "flux" not in roles:
        raise DigsError(f"{file.name} has no dataset 'flux'; its datasets are {', '.join(names)[:200] or 'none'}.")
    shape = group[roles["flux"]].shape
    for role in set(roles) & set(_OF_EITHER):
        if roles[role].lower() == role and _is_of_spectra(file.name, role, group[roles[role]].shape, shape):
            del roles[role]
    own = [
        name
        for name in names
        if name.lower() in _OF_GALAXIES
        and name not in roles.values()
        and (group[name].ndim < 2 or name.lower() in _OF_EITHER)
    ]
    if len(shape) not in (1, 2) or any(group[name].shape not in (shape, shape[-1:]) for name in roles.values()):
        raise DigsError(f"{file.name} has datasets whose shapes do not fit that of the flux, {shape}.")
    if absent := [name for name in roles.values() if never_written(group[name])]:
        raise DigsError(f"{file.name} keeps no numbers in '{absent[0]}', so that every pixel is hidden; write them.")
    count = shape[0] if len(shape) == 2 else 1
    fitting = {name: group[name] for name in own if group[name].shape in ((), (count,))}
    if lost := set(own) - set(fitting):
        raise DigsError(f"{file.name} has not one number for each spectrum in '{min(lost)}'; save one for each.")
    return Stack(count, lambda number: _spectrum(file.name, group, roles, said, fitting, number))


def _is_of_spectra(file: str, name: str, own: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Whether values belong to spectra, not to pixels, by their shape and that of the flux."""
    if len(shape) == 2 and own == shape[:1] == shape[1:]:
        raise DigsError(
            f"{file} has as many spectra as pixels, so that it is not clear what '{name}' is of; save it in the shape "
            f"of the flux, {shape}."
        )
    return own not in (shape, shape[-1:])


def _spectrum(
    file: str,
    group: h5py.Group,
    roles: Mapping[str, str],
    said: Mapping[str, Any],
    own: Mapping[str, h5py.Dataset],
    number: int,
) -> RawSpectrum:
    columns, media = {}, {}
    for name in roles.values():
        words = attributes(group[name], file)
        media |= {"medium": words["medium"]} if "medium" in words else {}
        columns[name] = _column(group[name], words, number)
    galaxy = {name: part_of(dataset, *((number,) if dataset.ndim else ())) for name, dataset in own.items()}
    facts = header_facts(file, galaxy, media, said)
    raw = raw_of_columns(file, columns, facts, roles)
    return replace(raw, name=facts.name or (f"row {number}" if group[roles["flux"]].ndim == 2 else file))


def _column(dataset: h5py.Dataset, words: Mapping[str, Any], number: int) -> Column:
    return Column(words.get("unit", words.get("units")), lambda: unpacked(row(dataset, number), words))
