"""The door: what is let in, with what it carries, and the one sentence for what is not."""

import atexit
import io
from types import SimpleNamespace

import h5py
import numpy as np
import pandas
import pytest
import torch
import xarray
from astropy import units
from astropy.nddata import NDData
from astropy.table import Column, MaskedColumn
from astropy.utils.masked import Masked

from digs.base import inputs
from digs.base.inputs import named, read_array, read_tensor, real_number, whole_number

ONE = np.arange(6.0).reshape(2, 3) + 1
JANSKY = units.Jy


def in_a_file(array: np.ndarray, unit: str) -> h5py.Dataset:
    file = h5py.File(io.BytesIO(), "w")
    atexit.register(file.close)  # else h5py writes to what Python has taken down already, and crashes
    dataset = file.create_dataset("flux", data=array)
    dataset.attrs["unit"] = unit
    return dataset


def in_a_frame(array: np.ndarray, unit: str | None = None) -> pandas.DataFrame:
    frame = pandas.DataFrame(array, columns=["unit", "mask", "magnitude"])  # as unhelpful as names can be
    frame.attrs |= {} if unit is None else {"units": unit}
    return frame


PLAIN = {
    "float64": ONE,
    "float32": ONE.astype("f4"),
    "float16": ONE.astype("f2"),
    "integers": ONE.astype(int),
    "big-endian": ONE.astype(">f8"),
    "big-endian, 32 bits": ONE.astype(">f4"),
    "negative strides": ONE[::-1, ::-1].copy()[::-1, ::-1],
    "not contiguous": np.repeat(ONE, 2, axis=1)[:, ::2],
    "Fortran order": np.asfortranarray(ONE),
    "read-only": np.broadcast_to(ONE, ONE.shape),
    "matrix": np.asmatrix(ONE),
    "list": ONE.tolist(),
    "tuple of arrays": tuple(ONE),
    "list of tensors": list(torch.as_tensor(ONE)),
    "tensor": torch.as_tensor(ONE),
    "tensor with gradients": torch.tensor(ONE, requires_grad=True),
    "bfloat16": torch.as_tensor(ONE, dtype=torch.bfloat16),
    "sparse": torch.as_tensor(ONE).to_sparse(),
    "data frame": in_a_frame(ONE),
    "xarray": xarray.DataArray(ONE),
    "xarray, blank unit": xarray.DataArray(ONE, attrs={"units": " "}),
    "column": Column(ONE),
    "nothing masked": np.ma.masked_array(ONE, mask=False),
}


@pytest.mark.parametrize("kind", PLAIN)
def test_numbers_come_in_as_they_are(kind):
    found = read_array(PLAIN[kind], "They")
    np.testing.assert_array_equal(found.values, ONE)
    single = kind in ("float32", "big-endian, 32 bits", "bfloat16")
    assert found.values.dtype == (np.float32 if single else np.float64)
    assert found.values.dtype.isnative
    assert found.values.flags.c_contiguous and found.values.flags.writeable
    assert type(found.values) is np.ndarray
    assert not found.masked.any()
    assert found.unit is None
    assert torch.equal(read_tensor(PLAIN[kind], "They").detach().double().to_dense(), torch.as_tensor(ONE))


def test_scalars_and_nothing_at_all():
    assert read_array(np.float32(2.5), "It").values.shape == ()
    assert read_array([], "They").values.shape == (0,)


CARRIES_A_UNIT = {
    "quantity": ONE * JANSKY,
    "quantity of 32 bits": ONE.astype("f4") * JANSKY,
    "list of quantities": list(ONE * JANSKY),
    "list of lists of quantities": [list(row) for row in ONE * JANSKY],
    "masked quantity": Masked(ONE * JANSKY, mask=False),
    "column": Column(ONE, unit="Jy"),
    "masked column": MaskedColumn(ONE, unit="Jy"),
    "NDData": NDData(ONE, unit="Jy"),
    "xarray": xarray.DataArray(ONE, attrs={"units": "Jy"}),
    "xarray, an astropy unit": xarray.DataArray(ONE, attrs={"unit": JANSKY}),
    "data frame": in_a_frame(ONE, "Jy"),
    "HDF5": in_a_file(ONE, "Jy"),
    "pint": SimpleNamespace(magnitude=ONE, units="jansky"),
}


@pytest.mark.parametrize("kind", CARRIES_A_UNIT)
def test_units_come_with_the_values(kind, refused):
    found = read_array(CARRIES_A_UNIT[kind], "They")
    np.testing.assert_array_equal(found.values, ONE)
    assert found.unit == JANSKY
    with refused("They have the unit 'Jy'", "plain numbers"):
        read_tensor(CARRIES_A_UNIT[kind], "They")


def test_a_quantity_without_dimension_is_a_number():
    assert torch.equal(read_tensor(ONE * units.dimensionless_unscaled, "They"), torch.as_tensor(ONE))


MASK = ONE == 4
CARRIES_A_MASK = {
    "masked array": np.ma.masked_array(ONE, mask=MASK),
    "list of masked arrays": list(np.ma.masked_array(ONE, mask=MASK)),
    "masked quantity": Masked(ONE * JANSKY, mask=MASK),
    "masked column": MaskedColumn(ONE, mask=MASK),
    "NDData": NDData(ONE, mask=MASK),
}


@pytest.mark.parametrize("kind", CARRIES_A_MASK)
def test_masks_come_with_the_values(kind, refused):
    np.testing.assert_array_equal(read_array(CARRIES_A_MASK[kind], "They").masked, MASK)
    with refused("They have", "unit" if "quantity" in kind else "masked"):
        read_tensor(CARRIES_A_MASK[kind], "They")


NO_NUMBERS = {
    "complex": ONE + 1j,
    "truth values": ONE > 2,
    "truth values in a list": [True, 1.0],
    "objects": ONE.astype(object),
    "words": ["a", "b"],
    "words and numbers": [1.0, "2"],
    "bytes": b"1.0",
    "a name": "galaxy.fits",
    "nothing": None,
    "a dictionary": {"flux": ONE},
    "a set": {1.0},
    "dates": np.array(["2026-01-01"], "M8"),
    "records": np.zeros(3, [("flux", float)]),
    "a complex tensor": torch.ones(2, dtype=torch.complex64),
    "a tensor of truth values": torch.ones(2) > 0,
    "missing values": pandas.DataFrame({"flux": [1, None]}, dtype=object),
    "huge integers": [10**400],
}


@pytest.mark.parametrize("kind", NO_NUMBERS)
def test_what_is_no_number_is_refused(kind, refused):
    for read in (read_array, read_tensor):
        with refused("They do not hold real numbers"):
            read(NO_NUMBERS[kind], "They")


def test_lists_must_fit_together(refused):
    with refused("They differ in length"):
        read_array([ONE[0], ONE[1, :2]], "They")
    with refused("They differ in length"):
        read_array([[1.0, 2.0], [1.0]], "They")
    for other in (ONE[1], ONE[1] * units.mJy):
        with refused("They have different units"):
            read_array([ONE[0] * JANSKY, other], "They")


@pytest.mark.parametrize("unit", ["parrots", "erg/", 5])
def test_units_that_nobody_knows_are_refused(unit, refused):
    if unit == 5:
        assert read_array(xarray.DataArray(ONE, attrs={"units": unit}), "They").unit == units.Unit("5")
        return
    with refused("They have the unit", unit, "astropy"):
        read_array(xarray.DataArray(ONE, attrs={"units": unit}), "They")


def test_a_tensor_stays_what_it_is():
    tensor = torch.ones(3, requires_grad=True)
    assert read_tensor(tensor, "It") is tensor
    assert read_tensor(torch.arange(3), "It").dtype == torch.float64


@pytest.mark.parametrize("given", [3, np.int64(3), np.uint8(3), np.array(3), torch.tensor(3)])
def test_whole_numbers(given):
    found = whole_number(given, "It", 0)
    assert found == 3
    assert type(found) is int


@pytest.mark.parametrize(
    "given", [True, np.True_, torch.tensor(True), 3.0, 2.5, "3", None, np.ones(2, int), np.float32(3)]
)
def test_what_is_no_whole_number_is_refused(given, refused):
    with refused("It is", "a whole number of 0 or more"):
        whole_number(given, "It", 0)


def test_draws_and_seeds(refused):
    assert inputs.draws_wanted(1) == 1
    for draws in (0, -1, 1.5):
        with refused(f"The number of draws is {draws}"):
            inputs.draws_wanted(draws)
    assert [inputs.seed(seed) for seed in (0, 2**32, 2**63 - 1)] == [0, 2**32, 2**63 - 1]
    for seed in (-1, 2**63, 0.5):
        with refused(f"The seed is {seed}", "from 0 to 9223372036854775807"):
            inputs.seed(seed)
    with refused("of type 'ndarray'"):
        inputs.seed(np.arange(100))


@pytest.mark.parametrize("given", [np.nan, np.inf, -0.1, "0.05", True, None, [0.05], 0.05 * units.m])
def test_what_is_no_real_number_is_refused(given, refused):
    with refused("It is", "finite number of 0 or more"):
        real_number(given, "It", 0.0)
    assert real_number(np.float32(0.5), "It", 0.0) == 0.5


def test_galaxies_are_named():
    assert named([3]) == "galaxy 3"
    assert named(np.array([3, 8])) == "galaxies 3 and 8"
    assert named(range(5)) == "galaxies 0, 1, 2, 3 and 4"
    assert named(range(1000)) == "galaxies 0, 1, 2, 3, 4 and 995 more"
