"""Ensembles that walk side by side: each finds its own galaxy's posterior, and what is said of their convergence."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from conftest import check_the_seed_is_all_there_is
from scipy import stats

from digs.base.random_streams import stream
from digs.config.params import load_params
from digs.exact.emcee_walk import vectorised
from digs.exact.ensembles import EvolutionApart, OwnStreams, StretchApart, effective_sample_size, split_r_hat
from digs.exact.ensembles import walk as walk_and_density
from digs.physics.prior import Prior

GALAXIES, ENSEMBLES, WALKERS = 3, 2, 20
RANDOM = np.random.default_rng(1)
MEAN = np.array([[1.0, -2.0, 0.5, 10.0, 0.0], [-3.0, 0.0, 2.0, 8.0, 5.0], [0.0, 4.0, -1.0, 12.0, 0.3]])
ROOT = np.tril(RANDOM.normal(size=(GALAXIES, 5, 5)), -1) + np.eye(5) * RANDOM.uniform(0.1, 2.0, (GALAXIES, 1, 5))


def gaussians(mean: np.ndarray = MEAN, root: np.ndarray = ROOT) -> Callable[[np.ndarray], np.ndarray]:
    """ln of a Gaussian for each galaxy, of rows in as many equal blocks."""

    def log_prob(rows: np.ndarray) -> np.ndarray:
        pull = rows.reshape(len(mean), -1, 5) - mean[:, None]
        return -(np.linalg.solve(root, pull.swapaxes(1, 2)) ** 2).sum(1).ravel() / 2

    return log_prob


def streams(seed: int, galaxies: int) -> list[np.random.Generator]:
    return [stream(seed, "walk", bytes([galaxy])) for galaxy in range(galaxies)]


def walk(log_prob, start, burn_in, steps, thin, seed) -> np.ndarray:
    """The positions of a walk in which each galaxy has its own stream."""
    return walk_and_density(log_prob, start, burn_in, steps, thin, seed, streams(seed, len(start)))[0]


def start(seed: int = 0) -> np.ndarray:
    shape = (GALAXIES, ENSEMBLES, WALKERS, 5)
    return MEAN[:, None, None] + np.random.default_rng(seed).normal(size=shape)


@pytest.fixture(scope="module")
def chain() -> np.ndarray:
    return walk(gaussians(), start(), 300, 4000, 4, seed=1)


def test_each_galaxy_has_its_own_mean_and_covariance(chain):
    for walked, mean, root in zip(chain, MEAN, ROOT, strict=True):
        independent = effective_sample_size(walked).min()
        assert independent > 2000
        flat = walked.reshape(-1, 5).astype(float)
        pull = (flat.mean(0) - mean) / np.sqrt(np.diag(root @ root.T) / independent)
        assert np.abs(pull).max() < 4
        white = np.linalg.solve(root, (flat - mean).T)
        np.testing.assert_allclose(np.cov(white), np.eye(5), rtol=0, atol=6 / np.sqrt(independent))
        assert (split_r_hat(walked) < 1.02).all()


def test_each_ensemble_alone_has_the_marginals_of_its_galaxy(chain):
    """Walkers that are far enough apart in time are independent draws."""
    total = WALKERS * chain.shape[3]
    for walked, mean, root in zip(chain, MEAN, ROOT, strict=True):
        for ensemble in walked:
            every = int(np.ceil(total / effective_sample_size(ensemble[None]).min()))
            white = np.linalg.solve(root, (ensemble[:, ::every].reshape(-1, 5) - mean).T)
            for column in white:
                assert stats.kstest(column, "norm").pvalue > 1e-4


def test_what_others_are_sampling_changes_nothing_for_a_galaxy():
    """Nor do other ensembles of the same galaxy, wherever they are."""
    walks = []
    for shift in (0.0, 50.0):
        mean, first = MEAN.copy(), start()
        mean[1:] += shift
        first[0, 1] += shift
        walks.append(walk(gaussians(mean), first, 10, 50, 1, seed=2))
    np.testing.assert_array_equal(walks[0][0, 0], walks[1][0, 0])
    for galaxy, ensemble in ((0, 1), (1, 0), (2, 1)):
        assert not np.array_equal(walks[0][galaxy, ensemble], walks[1][galaxy, ensemble])


def test_a_galaxy_walks_alone_as_it_does_in_company():
    together = walk(gaussians(), start(), 100, 20, 2, seed=2)
    for galaxy in range(GALAXIES):
        rows = slice(galaxy, galaxy + 1)
        random = streams(2, GALAXIES)[rows]
        alone, density = walk_and_density(gaussians(MEAN[rows], ROOT[rows]), start()[rows], 100, 20, 2, 2, random)
        np.testing.assert_array_equal(alone, together[rows])
        expected = gaussians(MEAN[rows], ROOT[rows])(alone.reshape(-1, 5).astype(float))
        np.testing.assert_allclose(density.ravel(), expected, atol=1e-3)


def test_random_numbers_of_rows_are_those_of_their_galaxies():
    both = OwnStreams(streams(1, 2)).rand(6, 4)
    assert both.shape == (6, 4)
    np.testing.assert_array_equal(both[3:], OwnStreams(streams(1, 2)[1:]).rand(3, 4))
    assert OwnStreams(streams(1, 2)).randn(6, 1).shape == (6, 1)


BLOCKS, HALF = 4, 6


@pytest.mark.parametrize("move", [EvolutionApart, StretchApart])
def test_partners_are_of_the_other_half_of_the_same_block_each_equally_often(move):
    others = np.stack([np.repeat(np.arange(BLOCKS), HALF), np.tile(np.arange(HALF), BLOCKS)], 1)
    random = np.random.RandomState(3)
    rounds = [move(BLOCKS)._partners(BLOCKS * HALF, others, 2, random) for _ in range(500)]
    first, second = np.stack(rounds, 1)
    own = np.repeat(np.arange(BLOCKS), HALF)
    for partner in (first, second):
        assert (partner[..., 0] == own).all()
    assert (first[..., 1] != second[..., 1]).all()
    for walker in range(BLOCKS * HALF):
        pairs = first[:, walker, 1] * HALF + second[:, walker, 1]
        counts = np.bincount(pairs, minlength=HALF**2).reshape(HALF, HALF)[~np.eye(HALF, dtype=bool)]
        assert stats.chisquare(counts).pvalue > 1e-5


@pytest.mark.parametrize("move", [EvolutionApart(BLOCKS), EvolutionApart(BLOCKS, gamma0=1.0), StretchApart(BLOCKS)])
def test_an_ensemble_at_one_point_stays_there_whatever_the_others_do(move):
    """As all its differences are zero."""
    block = np.repeat(np.arange(BLOCKS), HALF)[:, None]
    halves = np.tile(10.0**block, 5)
    spread = halves + (block != 1) * RANDOM.normal(size=halves.shape)
    move.setup(spread)
    proposal, _ = move.get_proposal(spread, [spread], np.random.RandomState(4))
    stays = (block == 1)[:, 0]
    np.testing.assert_allclose(proposal[stays], halves[stays], rtol=1e-12)
    moved = (proposal != spread).any(1)
    assert moved[~stays].mean() > 0.5
    assert (np.abs(proposal - halves) < 30).all()  # none is drawn towards another block, 90 or more away


def test_seeds():
    walks = [walk(gaussians(), start(), 10, 20, 1, seed) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(walks[0], walks[1])
    assert not np.array_equal(walks[0], walks[2])


def test_the_seed_is_all_there_is():
    check_the_seed_is_all_there_is(lambda: walk(gaussians(), start(), 10, 20, 1, seed=1))


def test_thinning_and_burn_in_leave_out_steps_of_the_same_walk():
    every = walk(gaussians(), start(), 0, 50, 1, seed=7)
    assert every.shape == (GALAXIES, ENSEMBLES, WALKERS, 50, 5)
    some = walk(gaussians(), start(), 0, 50, 6, seed=7)
    assert some.shape == (GALAXIES, ENSEMBLES, WALKERS, 8, 5)
    np.testing.assert_array_equal(some, every[..., 5::6, :])
    later = walk(gaussians(), start(), 20, 30, 3, seed=7)
    np.testing.assert_array_equal(later, every[..., 22::3, :])


def test_a_walk_starts_at_its_start():
    """Walker by walker: after one step many have not moved, and the others not far."""
    first = start()
    moved = walk(gaussians(), first, 0, 1, 1, seed=8)[:, :, :, 0] != first.astype(np.float32)
    stayed = ~moved.any(-1)
    assert 0.1 < stayed.mean() < 0.95
    assert stayed.any(-1).all()


def test_two_distant_modes_are_filled_by_their_weights():
    """Every walker visits both modes, although they start with the wrong numbers of walkers."""
    share, shift = 0.75, 30.0

    def two_hills(rows: np.ndarray) -> np.ndarray:
        here = np.log(share) - (rows**2).sum(1) / 2
        return np.logaddexp(here, np.log(1 - share) - ((rows - shift) ** 2).sum(1) / 2)

    first = np.random.default_rng(9).normal(size=(2, 2, WALKERS, 5))
    first[:, :, ::3] += shift
    first[:, :, 1::3] += shift
    walked = walk(two_hills, first, 500, 4000, 10, seed=10)
    near = walked[..., 0] < shift / 2
    for galaxy in range(2):
        independent = effective_sample_size(walked[galaxy]).min()
        assert independent > 300
        assert near[galaxy].mean() == pytest.approx(share, abs=4 * (share * (1 - share) / independent) ** 0.5)
    visits = near.mean(-1)
    assert ((visits > 0.3) & (visits < 1)).all()


def test_bounds_are_kept_and_the_box_is_filled_evenly():
    prior = Prior.over(load_params().prior)
    first = prior.sample(GALAXIES * ENSEMBLES * WALKERS, torch.Generator().manual_seed(11)).numpy()
    walked = walk(vectorised(prior.log_prob), first.reshape(start().shape), 100, 2000, 50, seed=12)
    for galaxy in walked:
        unit = prior.to_unit(torch.as_tensor(galaxy.reshape(-1, 5), dtype=torch.float64)).numpy()
        assert ((unit > -1e-6) & (unit < 1 + 1e-6)).all()  # what is kept is of single precision
        for column in unit.T:
            assert stats.kstest(column, "uniform").pvalue > 1e-4


def test_r_hat_tells_ensembles_that_agree_from_those_that_do_not():
    draws = np.random.default_rng(13).normal(size=(4, 20, 300, 3))
    assert (np.abs(split_r_hat(draws) - 1) < 0.003).all()
    draws[2, :, :, 1] += 1.0
    draws[:, :, 150:, 2] += 1.0  # none has come to rest
    r_hat = split_r_hat(draws)
    assert r_hat[0] < 1.003
    assert (r_hat[1:] > 1.05).all()


def test_r_hat_is_that_of_the_ensembles_however_much_their_walkers_differ():
    draws = np.random.default_rng(14).normal(size=(4, 20, 300, 1)) + 3.0 * np.arange(20)[:, None, None]
    assert split_r_hat(draws)[0] < 1.003


def test_r_hat_sees_a_difference_in_width():
    draws = np.random.default_rng(15).normal(size=(4, 20, 300, 1))
    draws[1] *= 3.0
    assert split_r_hat(draws)[0] > 1.05


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.9])
def test_effective_sample_size_is_that_of_a_known_process(memory):
    """Of N steps of x' = r x + noise it is N (1 - r) / (1 + r)."""
    random = np.random.default_rng(16)
    walks = np.empty((2, 10, 3000, 2))
    walks[:, :, 0] = random.normal(size=(2, 10, 2)) / (1 - memory**2) ** 0.5
    for step in range(1, 3000):
        walks[:, :, step] = memory * walks[:, :, step - 1] + random.normal(size=(2, 10, 2))
    expected = 2 * 10 * 3000 * (1 - memory) / (1 + memory)
    assert effective_sample_size(walks) == pytest.approx(expected, rel=0.12)


def test_effective_sample_size_is_small_where_ensembles_disagree():
    draws = np.random.default_rng(17).normal(size=(4, 20, 300, 1))
    draws[2] += 3.0
    assert effective_sample_size(draws)[0] < 1000 < draws.size / 10
