"""A walk in parts: its moments, and that one which is interrupted is taken up as if it had not been."""

from pathlib import Path

import numpy as np
import pytest

from digs.exact.emcee_walk import autocorrelation_time
from digs.exact.long_walk import walk_in_parts
from digs.files.resumable import ResumableParts

PART_STEPS = 16
MEAN, SCALE = np.array([3.0, -1.0, 100.0]), np.array([0.1, 2.0, 30.0])
BURN_IN, STEPS = [2 * PART_STEPS, 2 * PART_STEPS], 40 * PART_STEPS


def gaussian(x: np.ndarray) -> np.ndarray:
    return -(((x - MEAN) / SCALE) ** 2).sum(1) / 2


def start(walkers: int = 24) -> np.ndarray:
    return MEAN + 3 * SCALE * np.random.default_rng(1).normal(size=(walkers, 3))


def parts_in(folder: Path) -> ResumableParts:
    return ResumableParts(folder, None, __file__)


def test_a_walk_in_parts_has_the_moments_of_its_density(tmp_path):
    chain = walk_in_parts(gaussian, start(), BURN_IN, STEPS, parts_in(tmp_path), PART_STEPS, seed=1)
    assert chain.theta.shape == (24, STEPS, 3)
    np.testing.assert_allclose(gaussian(chain.flat), chain.log_prob.ravel(), rtol=1e-12)
    independent = len(chain.flat) / autocorrelation_time(chain.theta).max()
    assert np.abs((chain.flat.mean(0) - MEAN) / SCALE * np.sqrt(independent)).max() < 4
    np.testing.assert_allclose(chain.flat.std(0), SCALE, rtol=4 / np.sqrt(independent))


def test_a_walk_that_is_interrupted_goes_on_as_if_it_had_not_been(tmp_path):
    calls = []

    def dies(x: np.ndarray) -> np.ndarray:
        calls.append(len(x))
        if len(calls) == 150:
            raise KeyboardInterrupt
        return gaussian(x)

    arguments = start(), BURN_IN, 4 * PART_STEPS
    at_once = walk_in_parts(gaussian, *arguments, parts_in(tmp_path / "at once"), PART_STEPS, seed=2)
    parts = parts_in(tmp_path / "in two goes")
    with pytest.raises(KeyboardInterrupt):
        walk_in_parts(dies, *arguments, parts, PART_STEPS, seed=2)
    done = len(list(parts.folder.iterdir()))
    assert 0 < done < 9
    taken_up = walk_in_parts(gaussian, *arguments, parts, PART_STEPS, seed=2)
    np.testing.assert_array_equal(taken_up.theta, at_once.theta)
    np.testing.assert_array_equal(taken_up.log_prob, at_once.log_prob)


def test_what_is_done_costs_no_calls(tmp_path):
    parts, counted = parts_in(tmp_path), []

    def count(x: np.ndarray) -> np.ndarray:
        counted.append(len(x))
        return gaussian(x)

    chain = walk_in_parts(count, start(), BURN_IN, PART_STEPS, parts, PART_STEPS, seed=3)
    around = sum(counted) - chain.calls
    assert 0 < around <= 3 * 24  # between the rounds of burn-in, where few points are outside the support
    counted.clear()
    again = walk_in_parts(count, start(), BURN_IN, PART_STEPS, parts, PART_STEPS, seed=3)
    assert not counted
    assert (again.seconds, again.calls) == (chain.seconds, chain.calls)
