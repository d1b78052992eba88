"""The library: parts that are done are not done again, and parts of other work are not taken for them."""

import dataclasses
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest
import torch
from distributed import LocalCluster
from scipy import stats

from digs.config.params import load_params
from digs.config.stages.library_settings import LibrarySettings
from digs.config.theta import index
from digs.files.product import read_product
from digs.files.resumable import ResumableParts
from digs.files.schemas.library_schema import LIBRARY
from digs.physics.prior import Prior
from digs.sps import prospector_library as library
from digs.sps.home import SPSData
from digs.sps.prospector_library import PART, library_parts, simulate_library

SETTINGS, GAS = load_params().spectrum, load_params().gas
DATA = SPSData("synthetic", "0" * 64)


def some_theta(number: int) -> np.ndarray:
    return np.random.default_rng(1).uniform(size=(number, 5))


def put_parts(theta: np.ndarray, flux: np.ndarray, folder: Path) -> ResumableParts:
    parts = library_parts(theta, SETTINGS, GAS, DATA, folder)
    order = np.argsort(theta[:, index("logzsol")])
    for start in range(0, len(theta), PART):
        parts.save(f"{start:07d}", flux[order[start : start + PART]])
    return parts


class Inline:
    """A process pool that works in this process."""

    def __init__(self, workers, context):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def submit(self, function, *arguments):
        future = Future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future

    def shutdown(self, cancel_futures):
        pass


class Counting:
    """A simulator whose spectrum is theta twice, and that fails at a given call."""

    calls = 0
    fails_at = None

    def __init__(self, settings, gas):
        pass

    def __call__(self, theta):
        if Counting.calls == Counting.fails_at:
            raise RuntimeError("killed")
        Counting.calls += 1
        return np.concatenate([theta, theta])


@pytest.fixture
def counting(monkeypatch):
    monkeypatch.setattr(library, "_prospector", Counting)
    monkeypatch.setattr(library, "ProcessPoolExecutor", Inline)
    monkeypatch.setattr(Counting, "calls", 0)
    monkeypatch.setattr(Counting, "fails_at", None)
    return Counting


def test_finished_parts_are_only_put_together(tmp_path, monkeypatch):
    theta, flux = some_theta(2 * PART + 7), np.random.default_rng(2).uniform(size=(2 * PART + 7, 4))
    parts = put_parts(theta, flux, tmp_path)
    monkeypatch.delenv("SPS_HOME", raising=False)
    np.testing.assert_array_equal(simulate_library(theta, SETTINGS, GAS, parts, 2), flux)


def test_spectra_come_in_the_order_of_theta(tmp_path, counting):
    theta = some_theta(2 * PART + 7)
    flux = simulate_library(theta, SETTINGS, GAS, library_parts(theta, SETTINGS, GAS, DATA, tmp_path), 1)
    np.testing.assert_array_equal(flux, np.concatenate([theta, theta], 1))
    assert counting.calls == len(theta)


def test_only_missing_parts_are_made(tmp_path, counting):
    theta = some_theta(3 * PART)
    parts = put_parts(theta, np.concatenate([theta, theta], 1), tmp_path)
    sorted(parts.folder.iterdir())[1].unlink()
    flux = simulate_library(theta, SETTINGS, GAS, parts, 1)
    np.testing.assert_array_equal(flux, np.concatenate([theta, theta], 1))
    assert counting.calls == PART


def test_a_failure_is_told_and_costs_no_more_than_its_part(tmp_path, counting, monkeypatch):
    theta = some_theta(3 * PART)
    parts = library_parts(theta, SETTINGS, GAS, DATA, tmp_path)
    monkeypatch.setattr(counting, "fails_at", PART + 3)
    with pytest.raises(RuntimeError, match="killed"):
        simulate_library(theta, SETTINGS, GAS, parts, 1)
    assert all(file.suffix == ".npy" and len(np.load(file)) == PART for file in parts.folder.iterdir())
    assert "0000000" in parts
    assert f"{PART:07d}" not in parts
    monkeypatch.setattr(counting, "fails_at", None)
    flux = simulate_library(theta, SETTINGS, GAS, parts, 1)
    np.testing.assert_array_equal(flux, np.concatenate([theta, theta], 1))


def test_other_work_has_other_parts(tmp_path):
    theta = some_theta(PART)
    coarse = SETTINGS.model_copy(update={"smoothing": 700.0})
    folders = {
        library_parts(theta, SETTINGS, GAS, DATA, tmp_path).folder,
        library_parts(theta + 1e-9, SETTINGS, GAS, DATA, tmp_path).folder,
        library_parts(theta, coarse, GAS, DATA, tmp_path).folder,
        library_parts(theta, SETTINGS, GAS, dataclasses.replace(DATA, fingerprint="1" * 64), tmp_path).folder,
    }
    folders.add(library_parts(theta, SETTINGS, GAS.model_copy(update={"metallicity": "stars"}), DATA, tmp_path).folder)
    assert len(folders) == 5
    renamed = dataclasses.replace(DATA, label="another name for the same data")
    assert library_parts(theta, SETTINGS, GAS, renamed, tmp_path).folder in folders


def test_prospector_in_a_process_of_its_own(tmp_path, prospector):
    """The spawned process gives what this one gives, and theta's order is kept."""
    theta = np.array([[10.5, 0.0, 0.65, 1.63, -0.9586], [9.0, 0.0, 0.1, 0.02, 1.0], [12.0, 0.0, 1.0, 4.0, 0.0]])
    flux = simulate_library(theta, SETTINGS, GAS, library_parts(theta, SETTINGS, GAS, DATA, tmp_path), 1)
    np.testing.assert_allclose(flux, np.stack([prospector(row) for row in theta]), rtol=1e-10)


def test_a_cluster_makes_the_same_library(tmp_path, prospector):
    theta = np.array([[10.5, 0.0, 0.65, 1.63, -0.9586], [9.0, 0.0, 0.1, 0.02, 1.0]])
    with LocalCluster(n_workers=1, threads_per_worker=2, dashboard_address=None, memory_limit=0) as cluster:
        parts = library_parts(theta, SETTINGS, GAS, DATA, tmp_path)
        flux = simulate_library(theta, SETTINGS, GAS, parts, 1, cluster.scheduler_address)
    np.testing.assert_allclose(flux, np.stack([prospector(row) for row in theta]), rtol=1e-10)


def test_the_tracked_library_covers_the_prior_evenly(tracked):
    params, product = load_params(LibrarySettings), read_product(tracked("library.h5"), LIBRARY)
    assert len(product["theta"]) == params.library.size
    assert product["flux"].shape[1] == params.spectrum.pixels
    unit = Prior.over(load_params().prior).to_unit(torch.as_tensor(product["theta"])).numpy()
    for column in unit.T:
        assert stats.kstest(column, "uniform").pvalue > 1e-3
