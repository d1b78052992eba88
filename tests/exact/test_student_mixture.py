"""Mixtures of Student-t distributions: a density, draws of it, and a fit that finds what points were drawn from."""

import numpy as np
import pytest
from scipy import stats

from digs.exact.student_mixture import StudentMixture, moments

DEGREES = 8.0


@pytest.fixture
def mixture() -> StudentMixture:
    factor = np.array([[[1.0, 0.0], [0.8, 0.3]], [[0.2, 0.0], [0.0, 2.0]]])
    return StudentMixture(np.array([0.7, 0.3]), np.array([[0.0, 1.0], [4.0, -2.0]]), factor, DEGREES)


def test_the_density_is_that_of_scipy(mixture):
    points = np.random.default_rng(1).normal(0, 3, (50, 2))
    expected = sum(
        share * stats.multivariate_t(centre, factor @ factor.T, DEGREES).pdf(points)
        for share, centre, factor in zip(mixture.share, mixture.centre, mixture.factor, strict=True)
    )
    np.testing.assert_allclose(mixture.log_prob(points), np.log(expected))


def test_draws_follow_the_density(mixture):
    draws = mixture.sample(20_000, np.random.default_rng(2))
    for place in (0, 1):
        parts = [
            stats.t(DEGREES, centre[place], np.linalg.norm(factor[place]))
            for centre, factor in zip(mixture.centre, mixture.factor, strict=True)
        ]
        cdf = lambda x, parts=parts: sum(share * part.cdf(x) for share, part in zip(mixture.share, parts, strict=True))
        assert stats.kstest(draws[:, place], cdf).pvalue > 1e-3
    first = draws[np.abs(draws[:, 0]) < 2.5]
    assert np.corrcoef(first.T)[0, 1] > 0.85


def test_components_have_the_draws_that_their_shares_say(mixture):
    far = StudentMixture(mixture.share, np.array([[0.0, 0.0], [1000.0, 0.0]]), mixture.factor, DEGREES)
    assert (far.sample(1000, np.random.default_rng(3))[:, 0] > 500).sum() in (299, 300, 301)


def test_a_fit_finds_two_clusters():
    random = np.random.default_rng(4)
    points = np.concatenate([random.normal((0, 0), (1, 0.1), (3000, 2)), random.normal((9, 5), (0.2, 0.2), (3000, 2))])
    weight = np.repeat([1.0, 3.0], 3000)
    fitted = StudentMixture.fitted(points, weight, 2, DEGREES, random, steps=50)
    order = fitted.centre[:, 0].argsort()
    np.testing.assert_allclose(fitted.share[order], (0.25, 0.75), atol=0.01)
    np.testing.assert_allclose(fitted.centre[order], [(0, 0), (9, 5)], atol=0.1)
    narrow = fitted.factor[order[1]]
    np.testing.assert_allclose(narrow @ narrow.T, 0.04 * np.eye(2), atol=0.02)


def test_a_component_never_shrinks_to_a_point():
    points = np.repeat([[0.0, 0.0], [1.0, 1.0]], 50, axis=0) + 1e-3 * np.random.default_rng(5).standard_normal((100, 2))
    points[0] = 30.0
    fitted = StudentMixture.fitted(points, np.ones(100), 3, DEGREES, np.random.default_rng(6))
    assert (np.linalg.det(fitted.factor) > 0).all()
    assert np.isfinite(fitted.log_prob(points)).all()


def test_beside_one_another(mixture):
    other = StudentMixture(np.ones(1), np.zeros((1, 2)), 9 * np.eye(2)[None], DEGREES)
    both = mixture.beside(other, 0.1)
    points = np.random.default_rng(7).normal(0, 3, (20, 2))
    expected = np.logaddexp(np.log(0.9) + mixture.log_prob(points), np.log(0.1) + other.log_prob(points))
    np.testing.assert_allclose(both.log_prob(points), expected)


def test_moments_are_those_of_numpy():
    random = np.random.default_rng(8)
    points, weight = random.standard_normal((40, 3)), random.random(40)
    mean, covariance = moments(points, weight / weight.sum())
    np.testing.assert_allclose(mean, np.average(points, axis=0, weights=weight))
    np.testing.assert_allclose(covariance, np.cov(points, rowvar=False, aweights=weight, ddof=0), rtol=1e-6)
