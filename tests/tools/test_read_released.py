"""The released files are read without running anything that is in them."""

import importlib.util
import io
import os
import pickle

import numpy as np
import pytest
import torch

from digs.base import paths
from digs.files.product import read_product
from digs.files.schemas.released_schema import RELEASED

spec = importlib.util.spec_from_file_location("read_released", paths.ROOT / "tools" / "read_released.py")
read_released = importlib.util.module_from_spec(spec)
spec.loader.exec_module(read_released)
KEPT = paths.ROOT / "src/static/khullar2022.h5"


class Command:
    """Pickled, it is a call of os.system."""

    def __init__(self, command: str):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


class Holder:
    """An object with state, whose class is not there when it is read."""


def test_a_pickle_runs_nothing(tmp_path):
    content = pickle.dumps([Command(f"touch {tmp_path / 'ran'}")])
    (found,) = read_released.Shells(io.BytesIO(content)).load()
    assert isinstance(found, read_released.Shell)
    assert not (tmp_path / "ran").exists()


def test_arrays_are_found_inside_objects(tmp_path):
    holder = Holder()
    pixels = len(read_released.PIXELS)
    mean, std = torch.arange(float(pixels)), torch.ones(pixels)
    holder.net = {"_mean": mean, "_std": std, "other": torch.zeros(3)}
    (tmp_path / "network.pkl").write_bytes(pickle.dumps(holder))
    found = read_released.standardisation(tmp_path / "network.pkl")
    np.testing.assert_array_equal(found["mean"], mean)
    np.testing.assert_array_equal(found["std"], std)


def test_another_file_is_refused(tmp_path, refused):
    (tmp_path / "network.pkl").write_bytes(pickle.dumps({"_mean": torch.zeros(2)}))
    with refused("network.pkl", "deepskies"):
        read_released.standardisation(tmp_path / "network.pkl")


def test_columns_become_theta(tmp_path):
    (tmp_path / "table.txt").write_text("0,1e9,3.3,0.1,-0.4,0.8\n1,1e10,1.4,1.0,-0.1,0.7\n")
    theta = read_released.theta_of(tmp_path / "table.txt")
    np.testing.assert_allclose(theta, [[9.0, -0.4, 0.8, 3.3, -1.0], [10.0, -0.1, 0.7, 1.4, 0.0]])


def test_what_is_kept_says_where_it_is_from():
    kept = read_product(KEPT, RELEASED)
    assert kept.attributes["source"] == read_released.SOURCE
    assert kept.attributes["license"] == "MIT"
    assert kept["theta"].shape == (10_000, 5)
    low, high = kept["theta"].min(0), kept["theta"].max(0)
    assert low == pytest.approx([8.0, -1.0, 0.1, 0.0, -1.0], abs=1.1)
    assert (low < high).all()
