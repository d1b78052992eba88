"""emcee as it is used here: distributions that are known, seeds, thinning, and walkers that are stuck."""

import numpy as np
import pytest
import torch
from conftest import check_the_seed_is_all_there_is
from scipy import stats

from digs.config.params import load_params
from digs.exact.emcee_walk import autocorrelation_time, sample_ensemble, start_from_prior, vectorised
from digs.physics.prior import Prior

MEAN = np.array([1.0, -2.0, 0.5, 10.0, 0.0])
ROOT = np.tril(np.random.default_rng(1).normal(size=(5, 5)), -1) + np.diag([0.1, 1.0, 2.0, 0.5, 3.0])
COVARIANCE = ROOT @ ROOT.T


def gaussian(theta: np.ndarray) -> np.ndarray:
    return -(np.linalg.solve(ROOT, (theta - MEAN).T) ** 2).sum(0) / 2


def start(walkers: int = 40, seed: int = 0) -> np.ndarray:
    return MEAN + np.random.default_rng(seed).normal(size=(walkers, 5))


@pytest.fixture(scope="module")
def chain():
    return sample_ensemble(gaussian, start(), [300, 300], 4000, seed=1)


def test_mean_and_covariance_of_a_gaussian(chain):
    independent = chain.flat.shape[0] / autocorrelation_time(chain.theta).max()
    assert independent > 1000
    pull = (chain.flat.mean(0) - MEAN) / np.sqrt(np.diag(COVARIANCE) / independent)
    assert np.abs(pull).max() < 4
    white = np.linalg.solve(ROOT, (chain.flat - MEAN).T)
    np.testing.assert_allclose(np.cov(white), np.eye(5), rtol=0, atol=6 / np.sqrt(independent))


def test_marginals_are_gaussian(chain):
    steps = int(np.ceil(autocorrelation_time(chain.theta).max()))
    for column, mean, variance in zip(chain.theta[:, ::steps].reshape(-1, 5).T, MEAN, np.diag(COVARIANCE), strict=True):
        assert stats.kstest((column - mean) / np.sqrt(variance), "norm").pvalue > 1e-4


def test_what_is_kept_is_consistent(chain):
    assert chain.theta.shape == (40, 4000, 5)
    np.testing.assert_allclose(gaussian(chain.flat), chain.log_prob.ravel(), rtol=1e-9)
    assert (chain.acceptance > 0.2).all()
    assert (chain.acceptance < 0.8).all()
    assert chain.calls == 40 * 4600
    assert chain.seconds > 0


def test_bounds_are_kept_and_the_box_is_filled_evenly():
    prior = Prior.over(load_params().prior)
    density = vectorised(prior.log_prob)
    first = start_from_prior(prior, 40, torch.Generator().manual_seed(2))
    walk = sample_ensemble(density, first, [100], 3000, seed=3, thin=60)
    assert prior.contains(torch.as_tensor(walk.flat)).all()
    for column in prior.to_unit(torch.as_tensor(walk.flat)).numpy().T:
        assert stats.kstest(column, "uniform").pvalue > 1e-4


def test_seeds():
    walks = [sample_ensemble(gaussian, start(), [20, 20], 30, seed).theta for seed in (1, 1, 2)]
    np.testing.assert_array_equal(walks[0], walks[1])
    assert not np.array_equal(walks[0], walks[2])


def test_the_seed_is_all_there_is():
    check_the_seed_is_all_there_is(lambda: sample_ensemble(gaussian, start(), [10, 10], 20, 1).theta)


def test_thinning_keeps_every_nth_step_of_the_same_walk():
    every = sample_ensemble(gaussian, start(), [], 60, seed=4)
    some = sample_ensemble(gaussian, start(), [], 60, seed=4, thin=6)
    np.testing.assert_array_equal(some.theta, every.theta[:, 5::6])
    np.testing.assert_array_equal(some.log_prob, every.log_prob[:, 5::6])


def test_burn_in_frees_walkers_that_are_stuck():
    """A third of the walkers start on a distant, faint hill from which no stretch move leads back."""

    def two_hills(theta: np.ndarray) -> np.ndarray:
        far = gaussian(theta - 1000.0) - 200.0
        return np.logaddexp(gaussian(theta), far)

    first = start(60)
    first[::3] += 1000.0
    without = sample_ensemble(two_hills, first, [200], 200, seed=5)
    freed = sample_ensemble(two_hills, first, [200, 200], 200, seed=5)
    assert (without.flat[:, 0] > 500).mean() > 0.2
    assert (freed.flat[:, 0] > 500).mean() == 0


def test_autocorrelation_time_is_that_of_a_known_process():
    """x' = r x + noise has (1 + r) / (1 - r), thinned or not."""
    random, memory = np.random.default_rng(6), 0.9
    walk = np.zeros((50, 8000, 1))
    for step in range(1, 8000):
        walk[:, step] = memory * walk[:, step - 1] + random.normal(size=(50, 1))
    assert autocorrelation_time(walk)[0] == pytest.approx(19, rel=0.1)
    assert autocorrelation_time(walk[:, ::4], thin=4)[0] == pytest.approx(19, rel=0.15)
