"""Woodbury's identity against dense covariances."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from digs.exact.normal.low_rank import LowRankCovariance


@pytest.mark.parametrize("modes", [0, 1, 12])
def test_products_and_determinant_are_those_of_the_dense_matrix(modes):
    random = np.random.default_rng(1)
    sigma, given, vectors = random.uniform(0.5, 2, 40), random.normal(size=(40, modes)), random.normal(size=(40, 3))
    covariance = LowRankCovariance(sigma, csr_array(given))
    dense = np.diag(sigma**2) + given @ given.T
    assert np.allclose(covariance.products(vectors), vectors.T @ np.linalg.solve(dense, vectors), rtol=1e-11)
    assert np.isclose(covariance.log_determinant, np.linalg.slogdet(dense)[1], rtol=1e-12)


def test_products_without_modes_may_be_known_beforehand():
    random = np.random.default_rng(2)
    sigma, given, vectors = random.uniform(0.5, 2, 40), random.normal(size=(40, 5)), random.normal(size=(40, 3))
    covariance, white = LowRankCovariance(sigma, csr_array(given)), vectors / sigma[:, None]
    assert np.allclose(covariance.products(vectors, white.T @ white), covariance.products(vectors), rtol=1e-12)


def test_a_large_floor_loses_no_digits_that_count():
    sigma, vectors = np.full(30, 1.0), np.ones((30, 1))
    covariance = LowRankCovariance(sigma, csr_array(1e4 * vectors))
    assert covariance.products(vectors)[0, 0] == pytest.approx(30 / (1 + 30e8), rel=1e-5)
