"""The door for what users hand in: plain numbers and arrays, or one sentence that says why not.

An array carries more than its values: a unit (astropy, pint, unyt, attributes of xarray, pandas and h5py), a mask, a
device, the byte order of the file that it was read from. Here each of these is kept, made no matter, or refused; none
is dropped. What the values mean is the business of those who ask for them.
"""

import math
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from digs.base.errors import DigsError

SEEDS = 2**63  # the first whole number that is too large for a seed


@dataclass(frozen=True)
class Values:
    """What an array carries.

    values: native floats of 32 bits, where they came as such, or 64, in one block of memory.
    masked: which of them the mask hides, of the same shape.
    unit: an astropy unit, or None where no unit came with the values.
    """

    values: np.ndarray
    masked: np.ndarray
    unit: Any = None


def whole_number(given: Any, name: str, least: int, end: int | None = None) -> int:
    """Return a whole number as an int.

    Args:
        given: int, numpy or torch integer; neither a truth value nor a float.
        name: what the message calls it, for instance "The seed".
        least: the smallest number allowed.
        end: the smallest number that is too large, if there is one.
    Raises:
        DigsError: it is no whole number, too small or too large.
    """
    wanted = f"a whole number of {least} or more" if end is None else f"a whole number from {least} to {end - 1}"
    try:
        number = operator.index(given)
    except TypeError:
        number = None
    truth_value = isinstance(given, bool) or str(getattr(given, "dtype", "")).endswith("bool")
    if number is None or truth_value or number < least or (end is not None and number >= end):
        raise DigsError(f"{name} is {_shown(given)}; give {wanted}.")
    return number


def draws_wanted(given: Any) -> int:
    """Return how many draws are asked for.

    Raises:
        DigsError: it is no whole number of 1 or more.
    """
    return whole_number(given, "The number of draws", 1)


def seed(given: Any) -> int:
    """Return a seed, from 0 to 2^63 - 1.

    Raises:
        DigsError: it is no whole number of that range.
    """
    return whole_number(given, "The seed", 0, SEEDS)


def real_number(given: Any, name: str, least: float) -> float:
    """Return a finite number as a float.

    Raises:
        DigsError: it is no number, not finite, or less than the least one allowed.
    """
    wanted = f"a finite number of {least:g} or more"
    try:
        number = float(given) if np.ndim(given) == 0 and not isinstance(given, bool | str) else math.nan
    except (TypeError, ValueError):
        number = math.nan
    if not (math.isfinite(number) and number >= least):
        raise DigsError(f"{name} is {_shown(given)}; give {wanted}.")
    return number


def named(galaxies: Iterable[int], most: int = 5) -> str:
    """Return the rows of galaxies in words, for instance "galaxies 3, 8 and 12"; of very many the first few."""
    rows = [str(row) for row in galaxies]
    if len(rows) > most:
        rows = [*rows[:most], f"{len(rows) - most} more"]
    if len(rows) == 1:
        return f"galaxy {rows[0]}"
    return f"galaxies {', '.join(rows[:-1])} and {rows[-1]}"


def read_array(given: Any, name: str) -> Values:
    """Return the numbers of anything array-like, with the unit and the mask that it carries.

    Args:
        given: array, tensor on any device, astropy Quantity, Column or NDData, masked array, data frame, xarray,
            HDF5 dataset, or lists of these.
        name: what messages call it, in the plural, for instance "The spectra".
    Raises:
        DigsError: it holds other things than real numbers, rows of different lengths, or units that nobody knows.
    """
    if isinstance(given, list | tuple):
        return _stacked(given, name)
    if hasattr(given, "dims") and hasattr(given, "data"):  # xarray, around any kind of array
        inner = read_array(given.data, name)
        return Values(inner.values, inner.masked, _unit(given, name) if inner.unit is None else inner.unit)
    unit, mask = _unit(given, name), getattr(given, "mask", None)
    values = _numbers(_bare(given, name), name)
    if mask is None or callable(mask):  # a method of data frames
        return Values(values, np.zeros(values.shape, dtype=bool), unit)
    return Values(values, np.broadcast_to(np.asarray(mask, dtype=bool), values.shape), unit)


def in_order(given: Any, names: Sequence[str]) -> Any:
    """Return a data frame with its columns in the order of names, if these are what they are called; else as it came.

    Columns may bear any other names. A part of these names, or more than these, is no order.
    """
    columns = getattr(given, "columns", None)
    if columns is None or set(columns) != set(names) or len(columns) != len(names):
        return given
    return given[list(names)]


def read_tensor(given: Any, name: str) -> Tensor:
    """Return numbers without a unit as a tensor; a real tensor as it is, with its gradients and on its device.

    Raises:
        DigsError: as read_array; it carries a unit other than 1, or masked values.
    """
    if isinstance(given, Tensor):
        if given.is_complex() or given.dtype == torch.bool:
            raise _not_numbers(name)
        return given if given.is_floating_point() else given.double()
    found = read_array(given, name)
    if found.unit is not None and not _is_one(found.unit):
        raise DigsError(f"{name} have the unit '{found.unit}'; hand in plain numbers in digs's own units.")
    if found.masked.any():
        raise DigsError(f"{name} have masked values; hand in those alone that hold.")
    return torch.from_numpy(found.values)


def _shown(given: Any) -> str:
    """Return a value as messages show it: short, on one line."""
    text = repr(given)
    return text if len(text) < 40 and "\n" not in text else f"of type '{type(given).__name__}'"


def _not_numbers(name: str) -> DigsError:
    return DigsError(f"{name} do not hold real numbers; read them as numbers first.")


def _numbers(array: np.ndarray, name: str) -> np.ndarray:
    """Native 32- or 64-bit floats in one block of memory."""
    if array.dtype.kind not in "iuf":
        raise _not_numbers(name)
    kept = array.dtype.kind == "f" and array.dtype.itemsize == 4
    with np.errstate(over="ignore"):  # what is beyond 64 bits is found to be infinite
        return np.require(array, np.float32 if kept else np.float64, ["C", "W"])


def _bare(given: Any, name: str) -> np.ndarray:
    """The values alone, of whatever carries them."""
    try:
        if isinstance(given, Tensor):
            dense = given.detach().to_dense() if given.layout != torch.strided else given.detach()
            dense = dense.float() if dense.dtype == torch.bfloat16 else dense
            return dense.cpu().resolve_conj().resolve_neg().numpy()
        if hasattr(given, "to_numpy"):  # data frames, whose columns may bear any name
            return np.asarray(given.to_numpy())
        if hasattr(given, "unmasked"):  # astropy's masked quantities and arrays
            given = given.unmasked
        if hasattr(given, "uncertainty"):  # astropy's NDData
            given = given.data
        return np.asarray(getattr(given, "magnitude", given))  # pint's
    except (TypeError, ValueError, RuntimeError, NotImplementedError):
        raise _not_numbers(name) from None


def _unit(given: Any, name: str) -> Any:
    """The astropy unit that comes with the values, or None."""
    attributes = getattr(given, "attrs", None)
    if isinstance(attributes, Mapping):
        found = [attributes.get(key) for key in ("unit", "units")]
        found = [unit for unit in found if not (isinstance(unit, str | bytes) and not unit.strip())]
    else:
        found = [getattr(given, key, None) for key in ("unit", "units")]
    found = [unit for unit in found if unit is not None]
    if not found:
        return None
    from astropy import units  # half a second, which only who has units waits for

    unit = found[0].decode(errors="replace") if isinstance(found[0], bytes) else found[0]
    if isinstance(unit, units.UnitBase | units.function.FunctionUnitBase):
        return unit
    try:
        return units.Unit(str(unit))
    except (ValueError, TypeError):
        raise DigsError(f"{name} have the unit {_shown(str(unit))}, which astropy does not know; convert it.") from None


def _is_one(unit: Any) -> bool:
    from astropy import units

    return unit == units.dimensionless_unscaled


def _stacked(given: Sequence[Any], name: str) -> Values:
    """The elements of a list, each of which may carry a unit and a mask of its own."""
    if all(isinstance(each, int | float | np.integer | np.floating) and not isinstance(each, bool) for each in given):
        values = _numbers(np.asarray(given) if len(given) else np.empty(0), name)
        return Values(values, np.zeros(values.shape, dtype=bool))
    if any(isinstance(each, bool | str | bytes) for each in given):
        raise _not_numbers(name)
    parts = [read_array(each, name) for each in given]
    if len({part.values.shape for part in parts}) > 1:
        raise DigsError(f"{name} differ in length; make all of them as long as the first.")
    units = [part.unit for part in parts]
    if any(unit != units[0] for unit in units[1:]):
        raise DigsError(f"{name} have different units; convert all of them to one.")
    return Values(np.stack([part.values for part in parts]), np.stack([part.masked for part in parts]), units[0])
