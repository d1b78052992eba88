"""What is in a data product: its datasets with shapes, units and a preview, its attributes, its text."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from digs.base.errors import DigsError

FIRST = 6  # numbers of a preview
SETTINGS = "parameters"  # the attribute that repeats those of params.yaml


@dataclass(frozen=True)
class Dataset:
    """An array of a product: name, axes with their sizes, storage, unit, a few numbers, and a histogram."""

    name: str
    shape: tuple[int, ...]
    axes: str
    dtype: str
    unit: str
    first: str
    least: str
    median: str
    greatest: str
    bars: list[float]


@dataclass(frozen=True)
class Contents:
    """What is in a product: its kind in words, datasets, attributes, and its text where it has one."""

    kind: str
    datasets: list[Dataset] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""


def contents(path: Path, name: str) -> Contents:
    """Return what is in a data product.

    Args:
        path: where its bytes are, under any name.
        name: of the product.
    Raises:
        DigsError: the file is damaged.
    """
    readers = {".h5": _hdf5, ".json": _json, ".safetensors": _tensors}
    try:
        return readers[Path(name).suffix](path)
    except (OSError, KeyError, ValueError) as error:
        raise DigsError(f"{name} cannot be shown ({error}); fetch it again with `dvc pull`.") from None


def _hdf5(path: Path) -> Contents:
    with h5py.File(path) as file:
        attributes = {key: _said(value) for key, value in file.attrs.items()}
        datasets = [_dataset(name, item[()], dict(item.attrs)) for name, item in file.items()]
    return Contents("HDF5", datasets, attributes)


def _tensors(path: Path) -> Contents:
    from safetensors.numpy import load_file

    return Contents("safetensors", [_dataset(name, array, {}) for name, array in sorted(load_file(path).items())])


def _json(path: Path) -> Contents:
    return Contents("JSON", text=json.dumps(json.loads(path.read_text()), indent=1))


def _said(value: Any) -> str:
    value = value.item() if isinstance(value, np.generic) else value
    return value if isinstance(value, str) else json.dumps(value)


def _dataset(name: str, array: np.ndarray, attributes: dict[str, Any]) -> Dataset:
    flat = np.ravel(array).astype(float)
    summary = [f"{value:.4g}" for value in (flat.min(), np.median(flat), flat.max())] if flat.size else ["", "", ""]
    counts = np.histogram(flat, bins=24)[0] if flat.size > 1 else np.zeros(0)
    return Dataset(
        name,
        array.shape,
        str(attributes.get("axes", "")),
        str(array.dtype),
        str(attributes.get("unit", "")),
        ", ".join(f"{value:.5g}" for value in flat[:FIRST]) + (", …" if flat.size > FIRST else ""),
        *summary,
        [round(float(count), 3) for count in counts / counts.max()] if counts.size else [],
    )
