"""Ranks of truths: uniform for exact draws, whatever they are measured by."""

import numpy as np
import pytest
from scipy import stats

from digs.diagnostics.scores.analytic_track import AnalyticTrack
from digs.diagnostics.scores.truth_tests import departure, probabilities, standardised, truth_tests


def named(track: AnalyticTrack, draws: np.ndarray, seed: int = 1) -> dict:
    return {each.name: each for each in truth_tests(draws, track.theta, track.draws, seed)[0]}


def test_departures_are_those_of_scipy():
    values = np.random.default_rng(1).normal(size=100)
    fit = stats.goodness_of_fit(stats.norm, values, known_params={"loc": 0, "scale": 1}, statistic="ad", n_mc_samples=9)
    assert departure(stats.norm.cdf(values)) == pytest.approx(fit.statistic)


def test_departures_of_uniform_numbers_are_1_on_average():
    assert departure(np.random.default_rng(2).uniform(size=(4000, 50))).mean() == pytest.approx(1, abs=0.05)


def test_equal_points_share_their_rank():
    points = np.array([[[0.0], [1.0], [1.0], [2.0]]])
    assert probabilities(points)[0, :, 0].tolist() == [0.125, 0.5, 0.5, 0.875]


def test_references_are_standardised():
    track = AnalyticTrack.random(5, 4000, 1)
    white = standardised(track.draws, track.draws)
    np.testing.assert_allclose(white.mean(1), 0, atol=1e-9)
    np.testing.assert_allclose(white.swapaxes(1, 2) @ white / 4000, np.broadcast_to(np.eye(5), (5, 5, 5)), atol=1e-6)


def test_p_values_of_exact_draws_are_uniform():
    found = []
    for seed in range(30):
        track = AnalyticTrack.random(30, 60, seed)
        tests = named(track, track.sample(60, np.random.default_rng(seed)), seed)
        found.append([tests[name].p_value for name in ("marginal ranks", "joint ranks", "TARP")])
    for column in np.transpose(found):
        assert stats.kstest(column, "uniform").pvalue > 0.001


@pytest.mark.parametrize("factor", [0.6, 1.6])
def test_wrong_widths_are_found_jointly(factor):
    track = AnalyticTrack.random(200, 100, 3)
    draws = track.placed(factor * np.random.default_rng(4).standard_normal((200, 100, 5)))
    tests = named(track, draws)
    assert tests["joint ranks"].p_value < 0.001
    assert (tests["coverage 68%"].value > 0.68) == (factor > 1)


def test_truths_beyond_all_draws_are_found():
    track = AnalyticTrack.random(50, 100, 5)
    tests = named(track, np.repeat(track.draws[:, :1] + 100, 60, 1))
    assert tests["marginal ranks"].p_value < 0.001
    assert all(np.isfinite(test.value) for test in tests.values())
