"""emcee on Prospector: the walk in parts, and Prospector's own posterior against that of the exact simulator."""

import numpy as np
import pytest
import torch

from digs.base import paths
from digs.config.params import load_params
from digs.config.stages.library_settings import galaxy_theta
from digs.config.stages.prospector_chain_settings import PART_STEPS
from digs.config.theta import NAMES, index
from digs.exact.emcee_walk import autocorrelation_time, walk_in_parts
from digs.exact.likelihood import PosteriorDensity
from digs.files.product import read_product
from digs.files.resumable import ResumableParts
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.sps.prospector import ProspectorPosterior

MEAN, SCALE = np.array([3.0, -1.0, 100.0]), np.array([0.1, 2.0, 30.0])
BURN_IN, STEPS = [2 * PART_STEPS, 2 * PART_STEPS], 40 * PART_STEPS


def gaussian(x: np.ndarray) -> np.ndarray:
    return -(((x - MEAN) / SCALE) ** 2).sum(1) / 2


def start(walkers: int = 24) -> np.ndarray:
    return MEAN + 3 * SCALE * np.random.default_rng(1).normal(size=(walkers, 3))


def test_a_walk_in_parts_has_the_moments_of_its_density(tmp_path):
    chain = walk_in_parts(gaussian, start(), BURN_IN, STEPS, ResumableParts(tmp_path, None), seed=1)
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
    at_once = walk_in_parts(gaussian, *arguments, ResumableParts(tmp_path / "at once", None), seed=2)
    parts = ResumableParts(tmp_path / "in two goes", None)
    with pytest.raises(KeyboardInterrupt):
        walk_in_parts(dies, *arguments, parts, seed=2)
    done = len(list(parts.folder.iterdir()))
    assert 0 < done < 9
    taken_up = walk_in_parts(gaussian, *arguments, parts, seed=2)
    np.testing.assert_array_equal(taken_up.theta, at_once.theta)
    np.testing.assert_array_equal(taken_up.log_prob, at_once.log_prob)


def test_what_is_done_costs_no_calls(tmp_path):
    parts, counted = ResumableParts(tmp_path, None), []

    def count(x: np.ndarray) -> np.ndarray:
        counted.append(len(x))
        return gaussian(x)

    chain = walk_in_parts(count, start(), BURN_IN, PART_STEPS, parts, seed=3)
    around = sum(counted) - chain.calls
    assert 0 < around <= 3 * 24  # between the rounds of burn-in, where few points are outside the support
    counted.clear()
    again = walk_in_parts(count, start(), BURN_IN, PART_STEPS, parts, seed=3)
    assert not counted
    assert (again.seconds, again.calls) == (chain.seconds, chain.calls)


def test_prospectors_posterior_is_that_of_the_exact_simulator(prospector):
    """But for a constant, as Prospector's fluxes have another unit."""
    flux = read_product(paths.DATA / "galaxy.h5", OBSERVATIONS)["noisy_flux"][0].astype(float)
    fraction, prior, random = load_params().noise.fraction, Prior.over(load_params().prior), np.random.default_rng(4)
    theta = galaxy_theta() + random.normal(size=(12, len(NAMES))) * [0.02, 0.01, 0.03, 0.1, 0.05]
    theta = theta.clip(prior.low.numpy(), prior.high.numpy())
    slow = ProspectorPosterior(prospector, prior, flux, fraction)
    exact = PosteriorDensity(Simulator(), prior, flux, fraction, "data")(torch.as_tensor(theta)).numpy()
    vectors = prospector.vector(theta)
    found = np.array([slow(vector) for vector in vectors]) + prospector.log_jacobian(theta)
    assert np.ptp(exact) > 10
    assert np.std(found - exact) < 0.1
    outside = theta[0].copy()
    outside[index("tage")] = 4.5
    assert slow(prospector.vector(outside)) == -np.inf


def test_prospectors_parameters_and_theta(prospector):
    theta = Prior.over(load_params().prior).sample(20, torch.Generator().manual_seed(5)).numpy()
    vectors = prospector.vector(theta)
    np.testing.assert_allclose(prospector.theta(vectors), theta, rtol=1e-12)
    for row, vector in zip(theta, vectors, strict=True):
        step = 1e-6
        slopes = [(prospector.vector(row + step * unit) - vector) / step for unit in np.eye(len(NAMES))]
        log_volume = np.linalg.slogdet(slopes / vector)[1] + np.log(np.abs(vector)).sum()
        assert log_volume == pytest.approx(prospector.log_jacobian(row), abs=1e-4)
