"""The data products' file format: HDF5 with named datasets, units and attributes, described by a schema.

A schema says what a file must hold; the same schema writes and checks it. Files are written under a temporary
name and renamed, so that an interrupted run leaves no half-written product. Nothing here unpickles anything.

The same data give the same bytes: no times, no commit. A stage that is run again and finds the same leaves all that
depends on it up to date, and dvc.lock, which git tracks, says which code and parameters made a product.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from digs.base import paths
from digs.base.errors import DigsError
from digs.base.remedies import remedy
from digs.files.atomic import OF_THE_SYSTEM, existing, replacing, unreadable

VERSION = 1


@dataclass(frozen=True)
class Field:
    """One dataset of a product: its axes, unit and storage.

    Args:
        axes: one entry for each axis: a number is its exact size; axes of one name have one size in all datasets.
        unit: in words, "" for none.
        dtype: that is stored, as numpy spells it.
        positive: whether all values must be above 0.
        decimals: to which values are rounded, which compresses draws well; by default none are.

    Example:
        >>> from digs.files import Field
        >>> Field(("pixel",), "Angstrom", dtype="f8", positive=True).unit
        'Angstrom'
    """

    axes: tuple[str | int, ...]
    unit: str = ""
    dtype: str = "f4"
    positive: bool = False
    decimals: int | None = None


@dataclass(frozen=True)
class Schema:
    """What the files of one kind must hold.

    Args:
        name: of the kind.
        fields: the datasets by name, all of which must be there.

    Example:
        >>> from digs.files import Field, Schema
        >>> spectra = Schema("spectra", {"flux": Field(("galaxy", "pixel"), "erg/s/cm^2/Angstrom")})
        >>> spectra.fields["flux"].axes
        ('galaxy', 'pixel')
    """

    name: str
    fields: Mapping[str, Field]


@dataclass(frozen=True)
class Product:
    """The contents of a file: arrays by dataset name, and attributes.

    Example:
        >>> import numpy as np
        >>> from digs.files import Product
        >>> product = Product({"flux": np.ones((2, 3))}, {"seed": 1})
        >>> product["flux"].shape
        (2, 3)
    """

    arrays: dict[str, np.ndarray]
    attributes: dict[str, Any]

    def __getitem__(self, name: str) -> np.ndarray:
        """Return an array by the name of its dataset."""
        return self.arrays[name]


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
    """Write one data product, whole or not at all.

    Args:
        path: of the file, which is replaced if it is there.
        schema: what it must hold.
        arrays: by dataset name, all of the schema's and no others.
        attributes: what else is to be known of the data: numbers, texts, or anything that JSON can hold.
    Raises:
        ValueError: the arrays do not fit the schema.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from digs.files import Field, Schema, read_product, write_product
        >>> spectra = Schema("spectra", {"flux": Field(("galaxy", "pixel"), "erg/s/cm^2/Angstrom")})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder) / "spectra.h5"
        ...     write_product(file, spectra, {"flux": np.ones((2, 3))}, seed=1)
        ...     read_product(file, spectra).attributes["seed"]
        1
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

    Args:
        path: of the file.
        schema: what it must hold.
    Raises:
        DigsError: the file is missing, damaged, of another kind or version, or its data do not fit the schema.

    Example:
        >>> from digs.files import read_product
        >>> from digs.files.schemas.populations_schema import POPULATIONS
        >>> from digs.physics.stored_populations import POPULATIONS_FILE
        >>> populations = read_product(POPULATIONS_FILE, POPULATIONS)
        >>> populations["basis"].shape[1] == len(populations["wavelength"])
        True
    """
    name = paths.shown(path)
    advice = remedy("fetch it again with `dvc checkout` or `dvc pull`, or rebuild it with `dvc repro`")
    try:
        with h5py.File(existing(path)) as file:
            attributes = {key: _plain(value) for key, value in file.attrs.items()}
            units = {key: item.attrs.get("unit") for key, item in file.items()}
            arrays = {key: item[()] for key, item in file.items() if isinstance(item, h5py.Dataset)}
    except OSError as error:
        if error.errno in OF_THE_SYSTEM:
            raise unreadable(path, error) from None
        raise DigsError(f"{name} is damaged or is no HDF5 file; {advice}.") from None
    except (KeyError, RuntimeError, ValueError, TypeError, AttributeError):  # whatever h5py meets
        raise DigsError(f"{name} is damaged or is no HDF5 file; {advice}.") from None
    if (kind := attributes.get("format")) != f"digs/{schema.name}":
        raise DigsError(f"{name} holds '{kind}', not 'digs/{schema.name}'; {advice}.")
    if (version := attributes.get("version")) != VERSION:
        raise DigsError(f"{name} is of format version {version}, not {VERSION}; {advice}.")
    for key, field in schema.fields.items():
        if key in units and units[key] != field.unit:
            raise DigsError(f"{name}: '{key}' is in units of '{units[key]}', not '{field.unit}'; {advice}.")
    if problem := _mismatch(schema, arrays):
        raise DigsError(f"{name}: {problem}; {advice}.")
    return Product(arrays, attributes)


def _plain(value: Any) -> Any:
    """An HDF5 attribute as a Python value; JSON texts are parsed."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, str) and value[:1] in "[{":
        return json.loads(value)
    return value
