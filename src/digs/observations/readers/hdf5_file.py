"""HDF5: datasets that are named as the columns of a table are, of one spectrum or of one in each row."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import h5py
import numpy as np

from digs.base.errors import DigsError
from digs.observations.columns import Column, raw_of_columns, roles_of
from digs.observations.header_facts import header_facts
from digs.observations.opened_file import OpenedFile
from digs.observations.raw_spectrum import RawSpectrum, Stack

_MOST_NAMES = 1000  # of datasets and attributes

_MOST_VALUES = 2_000_000  # of one spectrum

_MOST_CHUNK = 64 * 2**20  # bytes that are unpacked at once

_FILTERS = {1, 2, 3, 4, 5, 6, 32000}  # HDF5's own and lzf; others would be loaded from a folder of plug-ins

_OF_GALAXIES = ("redshift", "name", "resolution", "sigma_kms")


def hdf5_spectra(file: OpenedFile, chosen: Mapping[str, str] | None) -> Stack:
    """Return the spectra of an HDF5 file, whose datasets lie at its root or in its only group.

    `flux` has shape (pixels,) or (galaxies, pixels), what else there is the shape of the flux or of a row of it; the
    unit is an attribute. `redshift`, `resolution` and `medium` may be attributes of the file.

    Args:
        file: opened for reading.
        chosen: names of datasets that the user gives, by role.
    Raises:
        DigsError: datasets are missing, too large, or hold objects or links.
    """
    group = h5py.File(file.stream, "r")
    attributes = _attributes(file.name, group)
    names = _datasets(file.name, group)
    if not names and len(group) == 1 and (name := next(iter(group))) and _is_plain(group, name, h5py.Group):
        group = group[name]
        attributes |= _attributes(file.name, group)
        names = _datasets(file.name, group)
    own = [name for name in names if name.lower() in _OF_GALAXIES and len(group[name].shape) < 2]
    roles = roles_of(file.name, [name for name in names if name not in own], chosen)
    if "flux" not in roles:
        raise DigsError(f"{file.name} has no dataset 'flux'; its datasets are {', '.join(names)[:200] or 'none'}.")
    sizes = {group[name].shape for name in roles.values()}
    shape = group[roles["flux"]].shape
    if len(shape) not in (1, 2) or any(size not in (shape, shape[-1:]) for size in sizes):
        raise DigsError(f"{file.name} has datasets whose shapes do not fit that of the flux, {shape}.")
    count = shape[0] if len(shape) == 2 else 1
    galaxy = {name.lower(): group[name] for name in own if group[name].shape in ((), (count,))}
    return Stack(count, lambda row: _spectrum(file.name, group, roles, attributes, galaxy, row))


def _is_plain(group: h5py.Group, name: str, kind: type) -> bool:
    """Whether a name stands for something in this very file, and of a kind."""
    return isinstance(group.get(name, getlink=True), h5py.HardLink) and group.get(name, getclass=True) is kind


def _datasets(file: str, group: h5py.Group) -> list[str]:
    """Names of the datasets with numbers in the file itself."""
    if len(group) > _MOST_NAMES:
        raise DigsError(f"{file} has more than {_MOST_NAMES} datasets; give a file of fewer.")
    found = []
    for name in group:
        if not _is_plain(group, name, h5py.Dataset):
            continue
        dataset = group[name]
        if dataset.dtype.kind in "iufb" or h5py.check_string_dtype(dataset.dtype):
            _check(file, name, dataset)
            found.append(name)
    return found


def _check(file: str, name: str, dataset: h5py.Dataset) -> None:
    """Refuse data that lie elsewhere, or are unpacked by other filters or to other sizes than they should be."""
    plan = dataset.id.get_create_plist()
    filters = {plan.get_filter(number)[0] for number in range(plan.get_nfilters())}
    if dataset.external or dataset.is_virtual or not filters <= _FILTERS:
        raise DigsError(f"{file} keeps '{name}' in other files or packed by a plug-in; save it plainly.")
    if dataset.chunks and np.prod(dataset.chunks, dtype=object) * dataset.dtype.itemsize > _MOST_CHUNK:
        raise DigsError(
            f"{file} has chunks of more than {_MOST_CHUNK // 2**20} MiB in '{name}'; save it in smaller ones."
        )
    if dataset.shape is None or np.prod(dataset.shape[-1:], dtype=object) > _MOST_VALUES:
        raise DigsError(f"{file} has more than {_MOST_VALUES} numbers a spectrum in '{name}', or none.")


def _attributes(file: str, group: h5py.Group) -> dict[str, Any]:
    """Attributes that are one number or one text."""
    if len(group.attrs) > _MOST_NAMES:
        raise DigsError(f"{file} has more than {_MOST_NAMES} attributes; give a file of fewer.")
    found = {}
    for name in group.attrs:
        kind = group.attrs.get_id(name)
        if kind.shape == () and (kind.dtype.kind in "iufbS" or h5py.check_string_dtype(kind.dtype)):
            found[name] = group.attrs[name]
    return found


def _spectrum(
    file: str, group: h5py.Group, roles: Mapping[str, str], attributes: dict, galaxy: Mapping[str, Any], row: int
) -> RawSpectrum:
    values = lambda name: group[name][row] if len(group[name].shape) == 2 else group[name][:]
    unit = lambda name: _attributes(file, group[name])
    columns = {
        name: Column(unit(name).get("unit", unit(name).get("units")), lambda name=name: values(name))
        for name in roles.values()
    }
    own = {name: dataset[()] if dataset.shape == () else dataset[row] for name, dataset in galaxy.items()}
    medium = _attributes(file, group[roles["wavelength"]]) if "wavelength" in roles else {}
    facts = header_facts(file, own, {key: medium[key] for key in medium if key.lower() == "medium"}, attributes)
    raw = raw_of_columns(file, columns, facts, roles)
    return replace(raw, name=facts.name or (f"row {row}" if len(group[roles["flux"]].shape) == 2 else file))
