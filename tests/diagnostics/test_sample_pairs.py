"""What two samples are scaled by: the same if they are exchanged, and never nothing."""

import numpy as np
import pytest

from digs.diagnostics.scores.analytic_track import AnalyticTrack
from digs.diagnostics.scores.sample_pairs import LEAST_WIDTH, MOST, SamplePairs, Widths, whitened


@pytest.fixture
def track() -> AnalyticTrack:
    return AnalyticTrack.random(galaxies=20, draws=200, seed=1)


@pytest.fixture
def pairs(track) -> SamplePairs:
    draws = track.sample(100, np.random.default_rng(1))
    return SamplePairs.of(draws, track.draws, track.quantiles, seed=1)


def test_as_many_draws_of_both_are_compared(track, pairs):
    assert pairs.entry.shape == pairs.reference.shape == (20, 100, 5)
    many = np.zeros((20, 3 * MOST, 5))
    assert SamplePairs.of(many, many, track.quantiles, 1).entry.shape[1] == MOST


def test_chosen_draws_are_those_of_the_entry(track):
    draws = track.sample(300, np.random.default_rng(1))
    pairs = SamplePairs.of(draws, track.draws, track.quantiles, seed=1)
    np.testing.assert_array_equal(pairs.entry, draws[:, pairs.chosen])


def test_exchanged_samples_have_the_same_scores(pairs):
    swapped = SamplePairs(pairs.reference, pairs.entry, pairs.exact, pairs.chosen)
    both = np.concatenate([pairs.normal_scores[:, 100:], pairs.normal_scores[:, :100]], 1)
    np.testing.assert_allclose(swapped.normal_scores, both, atol=1e-12)
    np.testing.assert_allclose(swapped.pooled_half_width, pairs.pooled_half_width)


def test_equal_draws_have_equal_scores(pairs):
    entry = np.repeat(pairs.entry[:, :1], 100, 1)
    scores = SamplePairs(entry, pairs.reference, pairs.exact, pairs.chosen).normal_scores[:, :100]
    assert np.ptp(scores, axis=1).max() == 0


def test_widths_are_never_nothing(pairs):
    """A 68% interval of draws that are nearly all equal has no width."""
    entry = np.repeat(pairs.entry[:, :1], 100, 1)
    widths, _ = SamplePairs(entry, pairs.reference, pairs.exact, pairs.chosen).widths
    np.testing.assert_allclose(widths.half, LEAST_WIDTH * pairs.exact.half)
    assert np.isfinite(widths.log_tails).all()


def test_widths_of_normal_posteriors(track):
    exact = Widths.of(track.quantiles)
    np.testing.assert_allclose(exact.half, 0.9945 * track.standard_deviation, rtol=1e-3)
    np.testing.assert_allclose(exact.outer, 1.96 * track.standard_deviation, rtol=1e-3)
    np.testing.assert_allclose(exact.median, track.mean)


def test_whitened_values_are_uncorrelated():
    random = np.random.default_rng(6)
    values = random.standard_normal((4, 500, 3)) @ (np.eye(3) + 0.5 * random.uniform(size=(4, 3, 3)))
    values[1, :, 2] = 0  # a direction without any spread
    values -= values.mean(1, keepdims=True)
    white = whitened(values)
    expected = np.broadcast_to(np.eye(3), (4, 3, 3)).copy()
    expected[1, 2, 2] = 0
    np.testing.assert_allclose(white.swapaxes(1, 2) @ white / 500, expected, atol=1e-3)


def test_analytic_posteriors_are_normalised(track):
    """The mean of a density's inverse over its draws, inside a box, is the volume of the box."""
    near = AnalyticTrack("k22", np.zeros((1, 5)), np.eye(5)[None], np.zeros((1, 5)), np.zeros((1, 1, 5)))
    draws = np.random.default_rng(7).standard_normal((1, 200_000, 5))
    inside = (np.abs(draws) < 0.5).all(2)
    assert (np.exp(-near.log_prob(draws)) * inside).mean() == pytest.approx(1, abs=0.05)
