"""P-values by exchange: uniform for equal samples, small for others, and no difference made by what is the same."""

import numpy as np
import pytest
from scipy import stats

from digs.diagnostics.scores.permutations import (
    EXCHANGES,
    halves,
    p_value,
    relabelled_differences,
    relabellings,
    swap_signs,
    swapped_sums,
)


def test_p_values_count_the_statistic_itself_and_equal_ones():
    assert p_value(np.array([5.0, 1.0, 2.0, 3.0])) == 0.25
    assert p_value(np.array([1.0, 1.0, 1.0, 1.0])) == 1.0
    assert p_value(np.zeros(4)) == 1.0


def test_p_values_of_symmetric_differences_are_uniform():
    random = np.random.default_rng(2)
    # heavy tails, which a test with a normal distribution does not survive
    found = [
        p_value(np.abs(swapped_sums(random.standard_cauchy((25, 1)), swap_signs(25, seed)))[:, 0])
        for seed in range(300)
    ]
    assert stats.kstest(found, "uniform").pvalue > 0.001


def test_a_mean_shift_is_found():
    shifted = 1 + np.random.default_rng(3).standard_normal((30, 1))
    assert p_value(np.abs(swapped_sums(shifted, swap_signs(30, 1)))[:, 0]) == 1 / (1 + EXCHANGES)


def test_sums_are_in_units_of_their_standard_deviation():
    sums = swapped_sums(np.random.default_rng(4).standard_normal((200, 3)) * [1, 10, 0], swap_signs(200, 1))
    assert sums[1:].std(0) == pytest.approx([1, 1, 0], abs=0.05)


def test_relabellings_deal_out_as_many_draws_of_each():
    labels = relabellings(20, seed=1)
    assert (labels.sum(1) == 0).all()
    assert (labels[0] == np.repeat([1, -1], 20)).all()
    assert len({row.tobytes() for row in labels}) == len(labels)


def test_relabelled_differences_have_variance_1():
    values = np.random.default_rng(5).exponential(size=(3, 100, 2)) * [1, 100]
    values[..., 1] *= np.array([1, 0, 1])[:, None]
    found = relabelled_differences(values - values.mean(1, keepdims=True), relabellings(50, seed=1))
    assert found.shape == (1 + EXCHANGES, 3, 2)
    np.testing.assert_allclose(found[1:].var(0), [[1, 1], [1, 0], [1, 1]], atol=0.15)


def test_halves_have_every_galaxy_once():
    first, second = halves(21, seed=1)
    assert sorted([*first, *second]) == list(range(21))
    assert abs(len(first) - len(second)) == 1
