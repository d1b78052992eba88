"""Widths of posteriors and their errors, weighted quantiles, and how two posteriors differ."""

import numpy as np
import pytest

from digs.base.statistics import (
    QUANTILES,
    half_width,
    half_width_and_error,
    ratio_and_shift,
    resample_systematically,
    weighted_mean_and_std,
    weighted_quantiles,
)
from digs.paper.galaxy_of_fig3 import compare_widths


def test_the_half_width_of_a_normal_distribution():
    draws = np.random.default_rng(1).normal(3, [1.0, 2.5], (200_000, 2))
    np.testing.assert_allclose(half_width(draws), [0.9945, 2.486], rtol=0.01)


def test_errors_of_half_widths_count_groups_not_draws():
    """Repeating each draw of a group adds nothing; and errors are those seen between independent samples."""
    random = np.random.default_rng(2)
    samples = random.normal(size=(100, 50, 20, 1))
    widths, errors = zip(*[half_width_and_error(sample) for sample in samples], strict=True)
    assert np.mean(errors) == pytest.approx(np.std(widths), rel=0.2)
    np.testing.assert_allclose(half_width_and_error(np.repeat(samples[0], 5, axis=1))[1], errors[0], rtol=0.15)


def test_a_wider_posterior_has_a_ratio_above_one():
    random = np.random.default_rng(3)
    compared = compare_widths(1.5 * random.normal(size=(20_000, 2)), random.normal(size=(64, 300, 2)))
    assert (np.abs(compared.ratio - 1.5) < 4 * compared.ratio_error).all()
    assert (compared.ratio_error < 0.05).all()


def test_weighted_quantiles_are_those_of_the_density_that_the_weights_make():
    theta = np.random.default_rng(4).uniform(-4, 4, (100_000, 5))
    found = weighted_quantiles(theta, np.exp(-(theta**2).sum(1) / 2), (0.16, 0.5, 0.84))
    np.testing.assert_allclose(found, np.repeat([[-0.994], [0.0], [0.994]], 5, 1), atol=0.08)


def test_equal_weights_are_as_none():
    theta = np.random.default_rng(5).normal(size=(999, 2))
    expected = np.quantile(theta, QUANTILES, axis=0, method="inverted_cdf")
    np.testing.assert_array_equal(weighted_quantiles(theta, np.full(999, 0.3)), expected)


def test_ratio_and_shift_of_stretched_and_moved_posteriors():
    random = np.random.default_rng(6)
    reference = np.quantile(random.normal(size=(4, 1000, 3)), QUANTILES, axis=1).swapaxes(0, 1)
    half = (reference[:, 3] - reference[:, 1]) / 2
    moved = 2 * (reference - reference[:, [2]]) + reference[:, [2]] + 0.3 * half[:, None]
    ratio, shift = ratio_and_shift(moved, reference)
    np.testing.assert_allclose(ratio, 2)
    np.testing.assert_allclose(shift, 0.3)


def test_draws_are_chosen_as_often_as_their_weights_say():
    random = np.random.default_rng(11)
    log_weight = random.normal(size=40)
    share = np.exp(log_weight) / np.exp(log_weight).sum()
    chosen = [resample_systematically(log_weight, 10, random) for _ in range(4000)]
    often = np.mean([np.bincount(rows, minlength=40) for rows in chosen], 0)
    np.testing.assert_allclose(often, 10 * share, atol=0.04)
    first = np.bincount([rows[0] for rows in chosen], minlength=40) / 4000
    np.testing.assert_allclose(first, share, atol=0.03)
    light = np.append(np.full(40, -np.inf), np.zeros(25))
    light[-1] = -np.inf
    rows = resample_systematically(light, 24, random)
    assert sorted(rows) == list(range(40, 64))


def test_weighted_means_and_deviations_are_those_of_repeated_draws():
    random = np.random.default_rng(12)
    draws, times = random.normal(size=(2, 30, 3)), random.integers(1, 4, (2, 30))
    mean, std = weighted_mean_and_std(draws, times / times.sum(1, keepdims=True))
    for galaxy in range(2):
        repeated = draws[galaxy].repeat(times[galaxy], 0)
        np.testing.assert_allclose(mean[galaxy], repeated.mean(0), rtol=1e-12)
        np.testing.assert_allclose(std[galaxy], repeated.std(0), rtol=1e-12)
