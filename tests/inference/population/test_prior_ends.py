"""Ends of priors: shares of normal distributions and of cells inside them, against other ways to the same numbers."""

import numpy as np
import pytest
from scipy import stats

from digs.inference.population.prior_ends import PriorEnds

MEAN, COVARIANCE = np.array([10.0, 5.0, 0.0]), np.array([[1.0, 1.2, 0.3], [1.2, 4.0, -0.8], [0.3, -0.8, 1.5]])


@pytest.mark.parametrize("d", [1, 2, 3])
def test_shares_are_those_of_scipy(d):
    low, high = np.array([9.0, 1.0, -1.0])[:d], np.array([12.0, 6.0, 2.0])
    upper = np.tile(high[:d], (3, 1))
    upper[:, min(1, d - 1)] = (5.0, 6.0, 6.0) if d > 1 else (10.0, 11.0, 11.0)
    ends = PriorEnds(low, upper)
    kinds, counts = ends.kinds
    assert counts.tolist() == [1, 2]
    mean, covariance = MEAN[None, :d], COVARIANCE[None, :d, :d]
    exact = [stats.multivariate_normal(mean[0], covariance[0]).cdf(kind, lower_limit=low) for kind in kinds]
    np.testing.assert_allclose(ends.shares(mean, covariance)[0], exact, rtol=2e-3)
    assert ends.log_share(mean, covariance)[0] == pytest.approx(np.log(exact) @ [1, 2], abs=5e-3)


def test_shares_are_the_same_in_other_units_and_one_by_one():
    ends = PriorEnds(np.array([9.0, 1.0]), np.array([[12.0, 5.0], [12.0, 6.0]]))
    mean, covariance = np.tile(MEAN[:2], (700, 1)), np.tile(COVARIANCE[:2, :2], (700, 1, 1))
    mean += np.linspace(0, 1, 700)[:, None]
    together, scale = ends.shares(mean, covariance), np.array([0.5, 3.0])
    for place in (0, 699):
        alone = ends.shares(mean[[place]], covariance[[place]])
        np.testing.assert_allclose(alone[0], together[place])
    other = ends.scaled(MEAN[:2], scale).shares((mean - MEAN[:2]) / scale, covariance / np.outer(scale, scale))
    np.testing.assert_allclose(other, together)


def test_cells_are_cut():
    ends = PriorEnds(np.array([0.5, 0.0]), np.array([[9.0, 1.5], [9.0, 7.0], [9.0, 8.0]]))
    inside, counts = ends.cells((np.array([0.0, 1, 2]), np.array([0.0, 1, 2, 3])))
    assert counts.tolist() == [1, 2]  # ends beyond the edges are alike
    np.testing.assert_allclose(inside.reshape(2, 2, 3), [[[0.5, 0.25, 0], [1, 0.5, 0]], [[0.5] * 3, [1] * 3]])
