"""What is in an HDF5 file, and whether it can be read at all.

The HDF5 library takes files at their word: one that was made or damaged for it can keep it busy for ever, or end the
process. So a process of its own, with little time and memory, first reads what will be read here.
"""

import io
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np

from digs.base.errors import DigsError
from digs.observations.opened_file import OpenedFile
from digs.observations.packed_sizes import unpacked_size
from digs.observations.printable import printable

_MOST_NAMES = 1000  # of datasets and attributes

_MOST_VALUES = 2_000_000  # of one spectrum

_MOST_CHUNK = 64 * 2**20  # bytes that are unpacked at once

_MOST_OTHERS = 2 * 2**20  # bytes of chunks that others than gzip pack, which may become a hundred times as many

_CHECKSUM = 64  # bytes that a chunk may have besides its numbers

_GZIP, _SIZELESS = h5py.h5z.FILTER_DEFLATE, {h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}

_FILTERS = {1, 2, 3, 4, 5, 6, 32000}  # HDF5's own and lzf; others would be loaded from a folder of plug-ins

_SECONDS = 4  # of the processor, of which a good file takes a half

_PATIENCE = 300  # seconds on the clock, when all processors are busy

_MEMORY = 2 * 2**30  # bytes


def check_readable(file: OpenedFile) -> None:
    """Check in a process of its own that a file can be read.

    Raises:
        DigsError: it cannot, or not within the time and memory that a good file needs.
    """
    # -P: nothing is imported from the folder where the user, and perhaps the file, is
    place = [] if file.packed else [str(file.path.resolve())]
    command = [sys.executable, "-P", "-m", __name__, str(_SECONDS), *place]
    content = file.stream.read() if file.packed else b""
    file.stream.seek(0)
    try:
        # the other process finds modules where this one does
        settings = {"env": os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}, "timeout": _PATIENCE}
        done = subprocess.run(command, input=content, capture_output=True, check=False, **settings)
    except subprocess.TimeoutExpired:
        done = None
    if done is None or done.returncode:
        said = done.stdout.decode("utf-8", "replace").strip() if done is not None and done.returncode == 1 else ""
        raise DigsError(said.replace("%FILE%", file.name) or f"{file.name} is no sound HDF5; write or fetch it again.")


def attributes(group: h5py.Group | h5py.Dataset, file: str = "%FILE%") -> dict[str, Any]:
    """Return attributes that are one number or one text.

    Raises:
        DigsError: there are too many.
    """
    if len(group.attrs) > _MOST_NAMES:
        raise DigsError(f"{file} has more than {_MOST_NAMES} attributes; give a file of fewer.")
    found = {}
    for name in group.attrs:
        kind = group.attrs.get_id(name)
        if kind.shape in ((), (1,)) and (kind.dtype.kind in "iufbS" or h5py.check_string_dtype(kind.dtype)):
            value = group.attrs[name]
            found[name] = value[0] if kind.shape else value
    return found


def datasets(root: h5py.Group, file: str = "%FILE%") -> tuple[h5py.Group, dict[str, Any], list[str]]:
    """Return the group with the datasets, the attributes on the way, and the names of datasets with numbers or texts.

    The group is the root, or the only one in it.

    Raises:
        DigsError: datasets are too many, too large, in other files, or packed by plug-ins.
    """
    said, names = attributes(root, file), _names(root, file)
    if not names and len(root) == 1:
        name = next(iter(root))
        if _is_plain(root, name, h5py.Group):
            root = root[name]
            return root, attributes(root, file) | said, _names(root, file)
    return root, said, names


def _is_plain(group: h5py.Group, name: str, kind: type) -> bool:
    """Whether a name stands for something in this very file, and of a kind."""
    return isinstance(group.get(name, getlink=True), h5py.HardLink) and group.get(name, getclass=True) is kind


def _names(group: h5py.Group, file: str) -> list[str]:
    if len(group) > _MOST_NAMES:
        raise DigsError(f"{file} has more than {_MOST_NAMES} datasets; give a file of fewer.")
    found = []
    for name in group:
        if not _is_plain(group, name, h5py.Dataset):
            continue
        dataset = group[name]
        if dataset.dtype.kind in "iufbS" or h5py.check_string_dtype(dataset.dtype):
            _check(name, dataset, file)
            found.append(name)
    return found


def _check(name: str, dataset: h5py.Dataset, file: str) -> None:
    """Refuse data that lie elsewhere, or are unpacked by other filters or to other sizes than they should be."""
    filters = _filters(dataset)
    if dataset.external or dataset.is_virtual or not set(filters) <= _FILTERS:
        raise DigsError(f"{file} keeps '{name}' in other files or packed by a plug-in; save it plainly.")
    size = lambda extents: int(np.prod([int(extent) for extent in extents], dtype=object))
    # gzip's part can be looked at if it is unpacked first, which is the last that is packed
    place = filters.index(_GZIP) if _GZIP in filters else len(filters)
    inner, outer = set(filters[:place]), set(filters[place + 1 :])
    if not outer <= {h5py.h5z.FILTER_FLETCHER32}:
        raise DigsError(f"{file} packs '{name}' by gzip and others upon it; save it with one of them.")
    most = _MOST_CHUNK if inner <= _SIZELESS else _MOST_OTHERS
    if dataset.chunks and size(dataset.chunks) * dataset.dtype.itemsize > most:
        raise DigsError(f"{file} has chunks above {most // 2**20} MiB in '{name}'; save it in smaller ones.")
    if dataset.shape is None or not size(dataset.shape) > 0 or size(dataset.shape[-1:]) > _MOST_VALUES:
        raise DigsError(f"{file} has more than {_MOST_VALUES} numbers a spectrum in '{name}', or none.")


def row(dataset: h5py.Dataset, number: int) -> Any:
    """Return the numbers of one spectrum: a row of two axes, all of one, or the one number that there is."""
    return part_of(dataset, *((number % len(dataset),) if dataset.ndim == 2 else ()))


def part_of(dataset: h5py.Dataset, *place: int) -> Any:
    """Return a part of a dataset, real numbers nan where none was ever written, for which HDF5 would put 0.

    Args:
        dataset: of one axis or two, or a single value.
        place: of the part: of nothing for all, else its number on the first axis.
    Raises:
        DigsError: a chunk becomes more than it should.
    """
    missing = list(_missing(dataset, place))
    values = dataset[place]
    if dataset.dtype.kind != "f" or not (missing or dataset.fillvalue):
        return values
    values = np.array(values)
    for span in missing:
        np.atleast_1d(values)[span] = np.nan
    return np.where(values == dataset.fillvalue, np.nan, values) if dataset.fillvalue else values


def never_written(dataset: h5py.Dataset) -> bool:
    """Return whether a dataset of real numbers has a shape, but no numbers."""
    return dataset.dtype.kind == "f" and dataset.id.get_storage_size() == 0


def _missing(dataset: h5py.Dataset, place: tuple[int, ...]) -> Iterator[slice]:
    """The spans along the last axis of a part that were never written; chunks of the others are looked at."""
    if dataset.id.get_storage_size() == 0:
        yield slice(None)
        return
    if dataset.chunks is None:
        return
    first = tuple(number // chunk * chunk for number, chunk in zip(place, dataset.chunks, strict=False))
    along, length = (dataset.shape[-1], dataset.chunks[-1]) if dataset.ndim > len(place) else (1, 1)
    for start in range(0, along, length):
        corner = (*first, start) if dataset.ndim > len(place) else first
        stored = dataset.id.get_chunk_info_by_coord(corner)
        if stored.byte_offset is None:
            yield slice(start, start + length)
        else:
            _check_chunk(dataset, corner, stored.size)


def _check_chunk(dataset: h5py.Dataset, corner: tuple[int, ...], stored: int) -> None:
    """Refuse a chunk that becomes more than its numbers, which HDF5 finds out once it has become that."""
    size = int(np.prod(dataset.chunks, dtype=object)) * dataset.dtype.itemsize + _CHECKSUM
    packed = _GZIP in _filters(dataset)
    becomes = stored
    if packed and stored <= 2 * size:
        becomes = unpacked_size("zlib", dataset.id.read_direct_chunk(corner)[1], size)
    if becomes > 2 * size:
        raise DigsError(f"'{printable(dataset.name, 80)}' has a chunk that becomes more than its {size} bytes.")


def _filters(dataset: h5py.Dataset) -> list[int]:
    plan = dataset.id.get_create_plist()
    return [plan.get_filter(number)[0] for number in range(plan.get_nfilters())]


def _try(source: Any) -> None:
    """Read all that is said in a file, and the first and the last row of its numbers."""
    with h5py.File(source, "r") as file:
        group, _, names = datasets(file)
        for name in names:
            attributes(group[name])
            for number in (0, -1):
                row(group[name], number)


def main(arguments: list[str]) -> int:
    """Return 0 if a file can be read; else print why not.

    Args:
        arguments: seconds of the processor, and the path of the file; without it standard input is read.
    """
    for limit, most in (
        (resource.RLIMIT_CPU, int(arguments[0])),
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    try:
        _try(arguments[1] if len(arguments) > 1 else io.BytesIO(sys.stdin.buffer.read()))
    except DigsError as error:
        print(error)
        return 1
    except Exception:  # of h5py's, which says nothing to a user
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
