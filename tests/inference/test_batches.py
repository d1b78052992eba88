"""Galaxies in batches: every galaxy once, in order; and what is drawn for one, to the bit the same in any company."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch

import digs
from digs.base import paths
from digs.base.errors import DigsError
from digs.files.product import read_product
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.inference import network_inference as infer_module
from digs.inference.batches import draws_in_batches, in_batches
from digs.inference.network_inference import OUTSIDE, REFITTED, TRUSTED

NUMBER = 50
WAYS = {
    "batches of 7": [np.arange(first, min(first + 7, NUMBER)) for first in range(0, NUMBER, 7)],
    "reverse order": [np.arange(NUMBER)[::-1]],
    "one by one": [np.array([row]) for row in range(NUMBER)],
}


@pytest.fixture(scope="module")
def flux() -> np.ndarray:
    return read_product(paths.DATA / "test.h5", OBSERVATIONS)["noisy_flux"][:NUMBER]


@pytest.mark.parametrize(("number", "size"), [(0, 3), (1, 3), (3, 3), (7, 3), (7, 100)])
def test_every_galaxy_is_in_one_batch(number, size):
    batches = list(in_batches(number, size, "Batches"))
    rows = [row for batch in batches for row in range(batch.start, batch.stop)]
    assert rows == list(range(number))
    assert all(batch.stop - batch.start <= size for batch in batches)


def test_draws_in_batches_are_those_of_all_at_once(flux, networks):
    found = torch.cat([draws for _, draws in draws_in_batches(networks["paper"], flux[:7], 6, 10, 3, "Batches")])
    assert torch.equal(found, networks["paper"].sample(flux[:7], 6, 10))


def in_order(way: list[np.ndarray], results: Iterator[np.ndarray]) -> np.ndarray:
    """What was found for the galaxies of each part of a way, in the order of the galaxies."""
    return np.concatenate(list(results))[np.argsort(np.concatenate(way))]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("draws", [1, 101])  # no multiples of what vector instructions take
@pytest.mark.parametrize("name", ["fiducial", "paper"])
def test_draws_of_a_galaxy_are_its_own(flux, networks, name, draws, way):
    posterior = networks[name]
    together = posterior.sample(flux, draws, seed=7).numpy()
    found = in_order(way, (posterior.sample(flux[rows], draws, seed=7).numpy() for rows in way))
    np.testing.assert_array_equal(found, together)
    assert len(np.unique(together[:, 0, 0])) == NUMBER


@pytest.fixture
def few_refits(monkeypatch, flux):
    """Some galaxies of these are refitted."""
    lights = infer_module._warning_lights()
    threshold = np.sort(lights.observer.novelty(torch.as_tensor(flux)))[-4]
    monkeypatch.setitem(lights.judge.thresholds, "novelty", threshold)


def test_verdicts_and_draws_of_a_galaxy_are_its_own_refitted_or_not(flux, few_refits):
    spoiled = flux.copy()
    spoiled[3, 5], spoiled[8], spoiled[11, 60] = np.nan, 1e-9 * spoiled[8], 3 * spoiled[11, 60]
    infer: Callable = lambda rows: digs.infer(spoiled[rows], draws=20, seed=3)
    together = infer(slice(None))
    counts = {verdict: (together.verdict == verdict).sum() for verdict in (TRUSTED, REFITTED, OUTSIDE)}
    assert counts[TRUSTED] > 30
    assert counts[REFITTED] >= 2
    assert counts[OUTSIDE] >= 3
    for way in WAYS.values():
        parts = [infer(rows) for rows in way]
        np.testing.assert_array_equal(in_order(way, (part.draws for part in parts)), together.draws)
        assert (in_order(way, (part.verdict for part in parts)) == together.verdict).all()
        for name, values in together.statistics.items():
            np.testing.assert_array_equal(in_order(way, (part.statistics[name] for part in parts)), values)


def test_ids_tell_galaxies_with_the_same_data_apart(flux, networks):
    posterior, twins = networks["paper"], flux[[0, 0]]
    first, second = posterior.sample(twins, 5, seed=1)
    assert torch.equal(first, second)
    first, second = posterior.sample(twins, 5, seed=1, ids=["east", "west"])
    assert not torch.equal(first, second)
    assert torch.equal(second, posterior.sample(flux[0], 5, seed=1, ids=["west"])[0])
    found = digs.infer(twins, draws=5, seed=1, ids=np.array([4, 5]))
    assert np.isfinite(found.draws).all()
    assert not np.array_equal(*found.draws)


@pytest.mark.parametrize(("ids", "message"), [([1], "number of ids"), ([1, 2.5], "of type 'float'"), (7, "no list")])
def test_ids_that_are_none(flux, networks, ids, message):
    for call in (lambda: networks["paper"].sample(flux[:2], 5, 1, ids), lambda: digs.infer(flux[:2], 5, 1, ids)):
        with pytest.raises(DigsError, match=message):
            call()
