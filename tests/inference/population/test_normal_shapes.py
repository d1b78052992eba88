"""Coordinates of normal distributions: there and back, and a prior that is flat in widths and correlations."""

import numpy as np
import pytest

from digs.inference.population import normal_shapes


@pytest.mark.parametrize("d", [1, 2, 3])
def test_there_and_back(d):
    random = np.random.default_rng(d)
    root = random.normal(size=(d, d))
    mean, covariance = random.normal(size=d), root @ root.T + 0.1 * np.eye(d)
    phi = normal_shapes.packed(mean, covariance)
    assert phi.shape == (normal_shapes.coordinates(d),)
    again, factor = normal_shapes.unpacked(phi[None], d)
    np.testing.assert_allclose(again[0], mean)
    np.testing.assert_allclose(factor[0] @ factor[0].T, covariance)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_the_prior_is_flat_in_widths_and_correlations(d):
    """It is the determinant of their derivatives, by differences, up to a constant."""
    k, rows, columns = normal_shapes.coordinates(d), *np.tril_indices(d, -1)

    def flat_in(phi: np.ndarray) -> np.ndarray:
        mean, factor = normal_shapes.unpacked(phi, d)
        covariance = factor @ factor.swapaxes(1, 2)
        width = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
        correlation = covariance / (width[:, :, None] * width[:, None])
        return np.concatenate([mean, width, correlation[:, rows, columns]], 1)

    steps, places = 1e-5 * np.eye(k), np.random.default_rng(d).normal(size=(5, k))
    determinants = [np.linalg.slogdet((flat_in(each + steps) - flat_in(each - steps)) / 2e-5)[1] for each in places]
    np.testing.assert_allclose(np.ptp(normal_shapes.log_prior(places, d) - determinants), 0, atol=1e-5)


def test_the_prior_ends():
    assert normal_shapes.log_prior(np.array([[0.0, -50.0]]), 1)[0] == -np.inf
