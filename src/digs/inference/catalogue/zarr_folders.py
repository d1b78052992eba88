"""Zarr groups in folders, of which nothing is run: only codecs that pack numbers and texts are allowed."""

from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path

import numpy as np
import zarr

from digs.base.errors import DigsError
from digs.inference.catalogue.guarded_store import GuardedStore, chunk_plan
from digs.observations.printable import printable
from digs.observations.sentences import one_sentence

_KINDS = "iufbUT"  # of arrays: numbers, truth values, texts

_MOST_NAMES = 1000  # in a group

_MOST_AT_ONCE = 256 * 2**20  # bytes that are unpacked for one spectrum

_MOST_CHUNKS = 1000  # of one spectrum

_LONGEST_NAME = 100  # letters


def open_zarr(path: Path, mode: str = "r") -> zarr.Group:
    """Return the Zarr group of a folder.

    Args:
        path: of the folder.
        mode: "r" to read, "r+" to change, "w" to make it anew.
    Raises:
        DigsError: there is no such group.
    """
    form = {"zarr_format": 2} if mode == "w" else {}  # that all versions of the package read
    with sound(path.name):
        if mode != "w" and not path.is_dir():
            raise DigsError(f"{path.name} is {'no folder' if path.exists() else 'missing'}; give that of a Zarr group.")
        if mode != "w" and len(list(islice(path.iterdir(), _MOST_NAMES + 1))) > _MOST_NAMES:
            raise DigsError(f"{path.name} holds more than {_MOST_NAMES} files and folders; give a group of fewer.")
        return zarr.open_group(GuardedStore(path, read_only=mode == "r"), mode=mode, use_consolidated=False, **form)


def arrays_of(group: zarr.Group, name: str) -> dict[str, zarr.Array]:
    """Return the arrays of numbers and texts in a group, by name.

    Args:
        group: of open_zarr.
        name: of its folder, for messages.
    Raises:
        DigsError: an array has chunks that are too large, or a codec that may do anything, such as pickle.
    """
    with sound(name):
        found = {key: array for key, array in sorted(group.arrays()) if array.dtype.kind in _KINDS}
        group.store.plans.update({key: chunk_plan(array, f"'{key}' in {name}") for key, array in found.items()})
        return found


def check_row(array: zarr.Array, name: str) -> None:
    """Check that a row of an array, or all of one with a single axis, is soon read.

    Args:
        array: the array.
        name: what messages call it.
    Raises:
        DigsError: it lies in too many chunks, or in chunks that become too much together.
    """
    chunks = -(-array.shape[-1] // array.chunks[-1])
    size = chunks * int(np.prod([int(extent) for extent in array.chunks], dtype=object)) * array.dtype.itemsize
    if chunks > _MOST_CHUNKS or size > _MOST_AT_ONCE:
        raise DigsError(
            f"{name} has one spectrum in {chunks} chunks of {size / 2**20:.0f} MiB together; write chunks with all "
            "pixels of few galaxies."
        )


def part_of(array: zarr.Array, *place: int) -> np.ndarray:
    """Return a part of an array, real numbers nan where their chunk lacks, for which Zarr would put 0, for instance.

    Args:
        array: the array, of one axis or two.
        place: of the part: of nothing for all of one axis, else of the row.
    """
    values = np.array(array[place] if place else array[:])
    if array.dtype.kind != "f":
        return values
    row = tuple(number // chunk for number, chunk in zip(place, array.chunks, strict=False))
    along = np.atleast_1d(values)  # a view
    length = array.chunks[-1] if array.ndim > len(place) else 1
    for number in range(-(-len(along) // length)):
        key = array.metadata.encode_chunk_key((*row, number) if array.ndim > len(place) else row)
        if not (array.store.root / array.path / key).is_file():
            along[number * length : (number + 1) * length] = np.nan
    if array.fill_value:  # anything but 0 is what stands for no number
        along[along == array.fill_value] = np.nan
    return values


def sound(name: str) -> AbstractContextManager[None]:
    """Say in one sentence what is met in a folder that is not what it seems."""
    return one_sentence(printable(name, _LONGEST_NAME), "is no sound Zarr group")
