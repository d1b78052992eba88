"""The data products' file format: HDF5 with named datasets, units and attributes, described by a schema.

A schema says what a file must hold; the same schema writes and checks it. Files are written under a temporary
name and renamed, so that an interrupted run leaves no half-written product. Nothing here unpickles anything.

The same data give the same bytes: no times, no commit. A stage that is run again and finds the same leaves all that
depends on it up to date, and dvc.lock, which git tracks, says which code and parameters made a product.
"""

import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from digs import paths
from digs.errors import DigsError

VERSION = 1
THETA_UNIT = "dex, dex, 1, Gyr, dex"


@dataclass(frozen=True)
class Field:
    """One dataset: its axes (a name is matched across datasets, a number is exact), unit and storage.

    Args:
        decimals: if given, values are rounded to so many decimals, which compresses draws well.
    """

    axes: tuple[str | int, ...]
    unit: str = ""
    dtype: str = "f4"
    positive: bool = False
    decimals: int | None = None


@dataclass(frozen=True)
class Schema:
    name: str
    fields: Mapping[str, Field]


@dataclass(frozen=True)
class Product:
    """The contents of a file: arrays by dataset name, and attributes."""

    arrays: dict[str, np.ndarray]
    attributes: dict[str, Any]

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[name]


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place when the block ends well, and goes when it does not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)  # mkstemp makes private files
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


_read: ContextVar[set[Path] | None] = ContextVar("read", default=None)


@contextmanager
def recording() -> Iterator[set[Path]]:
    """The data products, and other files asked for by `existing`, that are read while the block runs."""
    files: set[Path] = set()
    token = _read.set(files)
    try:
        yield files
    finally:
        _read.reset(token)


def existing(path: Path) -> Path:
    """The path itself.

    Raises:
        DigsError: there is no such file.
    """
    if not path.is_file():
        raise DigsError(f"{paths.shown(path)} is missing; fetch it with `dvc pull` or make it with `dvc repro`.")
    if (files := _read.get()) is not None:
        files.add(path)
    return path


def md5(path: Path) -> str:
    """The hash by which dvc.lock knows a file.

    Raises:
        DigsError: there is no such file.
    """
    with existing(path).open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def git_commit() -> str:
    """The commit of the code that runs, with '-dirty' where files differ from it; 'unknown' outside git."""
    command = ["git", "-C", str(paths.ROOT), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _mismatch(schema: Schema, arrays: Mapping[str, np.ndarray]) -> str | None:
    """What is wrong with the arrays, in a few words; None where nothing is."""
    sizes: dict[str, int] = {}
    for name, field in schema.fields.items():
        if name not in arrays:
            return f"it lacks the dataset '{name}'"
        array = arrays[name]
        if not (isinstance(array, np.ndarray) and array.dtype.kind in "iuf"):
            return f"'{name}' does not hold numbers"
        if array.ndim != len(field.axes):
            return f"'{name}' has {array.ndim} axes, not {len(field.axes)}"
        for axis, size in zip(field.axes, array.shape, strict=True):
            expected = axis if isinstance(axis, int) else sizes.setdefault(axis, size)
            if size != expected:
                return f"'{name}' has shape {array.shape}, which does not fit ({', '.join(map(str, field.axes))})"
        if not np.isfinite(array).all():
            return f"'{name}' has values that are not finite"
        if field.positive and not (array > 0).all():
            return f"'{name}' has values that are not positive"
    return None


def write_product(path: Path, schema: Schema, arrays: Mapping[str, np.ndarray], **attributes: Any) -> None:
    """Write one data product.

    Raises:
        ValueError: the arrays do not fit the schema.
    """
    arrays = {name: np.asarray(array) for name, array in arrays.items()}
    if set(arrays) != set(schema.fields):
        raise ValueError(f"{schema.name} wants the datasets {sorted(schema.fields)}, not {sorted(arrays)}")
    if problem := _mismatch(schema, arrays):
        raise ValueError(f"{schema.name}: {problem}")
    with replacing(path) as temporary, h5py.File(temporary, "w", libver="latest") as file:
        file.attrs.update(format=f"digs/{schema.name}", version=VERSION)
        for name, value in attributes.items():
            file.attrs[name] = json.dumps(value) if isinstance(value, (dict, list, tuple)) else value
        for name, field in schema.fields.items():
            _write_array(file, name, arrays[name].astype(field.dtype), field)


def _write_array(file: h5py.File, name: str, array: np.ndarray, field: Field) -> None:
    options: dict[str, Any] = {}
    if array.ndim and array.size > 1000:
        options = {"compression": "gzip", "compression_opts": 9, "shuffle": True}
    if field.decimals is not None and array.size > 1000:
        # one chunk per object and parameter, so that narrow posteriors take few bits
        options = {
            "scaleoffset": field.decimals,
            "chunks": (1, *array.shape[1:-1], 1),
            "compression": "gzip",
            "compression_opts": 9,
        }
    dataset = file.create_dataset(name, data=array, **options)
    dataset.attrs["unit"] = field.unit
    dataset.attrs["axes"] = ", ".join(map(str, field.axes))


def read_product(path: Path, schema: Schema) -> Product:
    """Read and check one data product.

    Raises:
        DigsError: the file is missing, damaged, of another kind or version, or its data do not fit the schema.
    """
    name = paths.shown(path)
    remedy = "fetch it again with `dvc checkout` or `dvc pull`, or rebuild it with `dvc repro`"
    try:
        with h5py.File(existing(path)) as file:
            attributes = {key: _plain(value) for key, value in file.attrs.items()}
            units = {key: item.attrs.get("unit") for key, item in file.items()}
            arrays = {key: item[()] for key, item in file.items() if isinstance(item, h5py.Dataset)}
    except (OSError, KeyError, RuntimeError, ValueError, TypeError, AttributeError):  # whatever h5py meets
        raise DigsError(f"{name} is damaged or is no HDF5 file; {remedy}.") from None
    if (kind := attributes.get("format")) != f"digs/{schema.name}":
        raise DigsError(f"{name} holds '{kind}', not 'digs/{schema.name}'; {remedy}.")
    if (version := attributes.get("version")) != VERSION:
        raise DigsError(f"{name} is of format version {version}, not {VERSION}; {remedy}.")
    for key, field in schema.fields.items():
        if key in units and units[key] != field.unit:
            raise DigsError(f"{name}: '{key}' is in units of '{units[key]}', not '{field.unit}'; {remedy}.")
    if problem := _mismatch(schema, arrays):
        raise DigsError(f"{name}: {problem}; {remedy}.")
    return Product(arrays, attributes)


def _plain(value: Any) -> Any:
    """An HDF5 attribute as a Python value; JSON texts are parsed."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, str) and value[:1] in "[{":
        return json.loads(value)
    return value


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file, whole or not at all."""
    write_text(path, json.dumps(content, indent=2, allow_nan=False) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON file that holds an object.

    Raises:
        DigsError: the file is missing or is not such JSON.
    """
    name = paths.shown(path)
    try:
        content = json.loads(existing(path).read_text())
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise DigsError(f"{name} is not JSON; fetch it again with `dvc checkout` or `dvc pull`.") from None
    if not isinstance(content, dict):
        raise DigsError(f"{name} does not hold a JSON object; fetch it again with `dvc checkout` or `dvc pull`.")
    return content
