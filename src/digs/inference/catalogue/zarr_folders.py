"""Zarr groups in folders, of which nothing is run: only codecs that pack numbers and texts are allowed."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from digs.base.errors import DigsError

_MOST_CHUNK = 64 * 2**20  # bytes that are unpacked at once
_PACKING = {"blosc", "bytes", "bz2", "crc32", "crc32c", "delta", "fixedscaleoffset", "gzip", "lz4", "lzma"} | {
    *("shuffle", "transpose", "vlen-utf8", "zlib", "zstd"),
}
_KINDS = "iufbUT"  # of arrays: numbers, truth values, texts


def open_zarr(path: Path, mode: str = "r") -> zarr.Group:
    """Return the Zarr group of a folder.

    Args:
        path: of the folder.
        mode: "r" to read, "r+" to change, "w" to make it anew.
    Raises:
        DigsError: there is no such group.
    """
    form = {"zarr_format": 2} if mode == "w" else {}  # that all versions of the package read
    with one_sentence(path.name):
        return zarr.open_group(str(path), mode=mode, **form)


def arrays_of(group: zarr.Group, name: str) -> dict[str, zarr.Array]:
    """Return the arrays of numbers and texts in a group, by name.

    Args:
        group: opened.
        name: of its folder, for messages.
    Raises:
        DigsError: an array has chunks that are too large, or a codec that may do anything, such as pickle.
    """
    with one_sentence(name):
        found = {key: array for key, array in sorted(group.arrays()) if array.dtype.kind in _KINDS}
        for key, array in found.items():
            words = array.metadata.to_dict()
            codecs = set(_named([words.get(part) for part in ("compressor", "filters", "codecs")]))
            if strange := codecs - _PACKING:
                raise DigsError(f"{name} packs '{key}' by {min(strange)}, which is not unpacked; use zstd or gzip.")
            if np.prod(array.chunks, dtype=float) * array.dtype.itemsize > _MOST_CHUNK:
                raise DigsError(f"{name} has chunks of more than 64 MiB in '{key}'; write it in smaller ones.")
        return found


@contextmanager
def one_sentence(name: str) -> Iterator[None]:
    """Say in one sentence what is met in a folder that is not what it seems."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what matters is checked, and said in notes
            yield
    except DigsError as error:
        raise error if name in str(error) else DigsError(f"{name}: {error}") from None
    except Exception as error:
        reason = " ".join(str(error).split())[:100].rstrip(".") or "no reason given"
        raise DigsError(f"{name} is no sound Zarr group ({type(error).__name__}: {reason}).") from None


def _named(part: Any) -> Iterator[str]:
    """The names of codecs, and of those inside others."""
    if isinstance(part, Mapping):
        if name := part.get("id", part.get("name")):
            yield str(name).removeprefix("numcodecs.")
        part = list(part.values())
    if isinstance(part, list | tuple):
        for each in part:
            yield from _named(each)
