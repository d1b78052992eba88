"""Importance weights of an entry: what its density is worth, and whether it is that of its draws."""

import numpy as np
import pytest

from digs.diagnostics.scores.analytic_track import AnalyticTrack
from digs.diagnostics.scores.weight_checks import exact_log_posterior, inside_prior, weight_measurements


@pytest.fixture(scope="module")
def track() -> AnalyticTrack:
    return AnalyticTrack.random(galaxies=60, draws=300, seed=1)


@pytest.fixture(scope="module")
def normal() -> np.ndarray:
    return np.random.default_rng(2).standard_normal((60, 300, 5))


def named(track: AnalyticTrack, draws: np.ndarray, log_prob: np.ndarray) -> dict:
    return {each.name: each for each in weight_measurements(track, draws, log_prob, seed=1)}


def wider(track: AnalyticTrack, factor: float) -> AnalyticTrack:
    return AnalyticTrack(track.name, track.mean, factor * track.factor, track.theta, track.draws)


def test_exact_densities_have_equal_weights(track, normal):
    draws = track.placed(normal)
    found = named(track, draws, track.log_prob(draws))
    assert found["efficiency"].value == pytest.approx(1)
    assert found["log_prob: norm"].value == pytest.approx(0, abs=1e-9)
    assert not [name for name, each in found.items() if each.tolerated is False]


def test_a_wide_entry_with_its_own_density_is_honest(track, normal):
    """The efficiency of a normal proposal that is s times as wide in d dimensions is ((2 s^2 - 1) / s^4)^(d / 2)."""
    draws = wider(track, 1.3).placed(normal)
    found = named(track, draws, wider(track, 1.3).log_prob(draws))
    assert found["efficiency"].value == pytest.approx(((2 * 1.3**2 - 1) / 1.3**4) ** 2.5, abs=0.03)
    assert not [name for name, each in found.items() if each.tolerated is False]


def test_a_density_with_a_wrong_norm_is_caught(track, normal):
    draws = track.placed(normal)
    found = named(track, draws, track.log_prob(draws) - np.log(5))
    assert found["efficiency"].value == pytest.approx(1)
    assert found["log_prob: norm"].value == pytest.approx(np.log(5))
    assert found["log_prob: norm"].tolerated is False


def test_one_galaxy_with_a_wrong_norm_is_caught(track, normal):
    """The median of all does not see it."""
    draws = track.placed(normal)
    log_prob = track.log_prob(draws)
    log_prob[7] -= 5
    found = named(track, draws, log_prob)
    assert found["log_prob: norm"].tolerated
    worst = found["log_prob: worst norm"]
    assert (worst.tolerated, worst.where, worst.value) == (False, "galaxy 7", pytest.approx(5))


def test_the_exact_density_of_other_draws_is_caught(track, normal):
    """All weights are equal, and none says that the draws are too wide."""
    draws = wider(track, 1.3).placed(normal)
    found = named(track, draws, track.log_prob(draws))
    assert found["efficiency"].value == pytest.approx(1)
    assert found["log_prob: width"].tolerated is False


@pytest.mark.parametrize("value", [0.0, 1e308, -1e308])
def test_absurd_densities_have_finite_scores(track, normal, value):
    draws = track.placed(normal)
    log_prob = track.log_prob(draws)
    log_prob[:, 0] = value
    assert all(np.isfinite(each.value) for each in named(track, draws, log_prob).values())


def test_draws_outside_the_prior_weigh_nothing(track):
    draws = track.draws.copy()
    draws[0, 0, 2] = 1e5
    assert inside_prior(draws, track.prior)[1].sum() == draws.shape[0] * draws.shape[1] - 1
    density = exact_log_posterior(track, draws)
    assert density[0, 0] == -np.inf
    np.testing.assert_allclose(density[1:], track.log_prob(draws)[1:])
    assert all(np.isfinite(each.value) for each in named(track, draws + 1e5, density[1:2].repeat(60, 0)).values())
