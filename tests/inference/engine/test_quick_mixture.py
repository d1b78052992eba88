"""Mixtures by compiled code, beside digs.exact.student_mixture."""

import numpy as np
import pytest

from digs.exact.student_mixture import StudentMixture
from digs.inference.engine.quick_mixture import QuickMixture

DEGREES = 6.0


@pytest.fixture(scope="module")
def points():
    random = np.random.default_rng(1)
    return np.concatenate([random.normal(0, 1, (600, 3)), random.normal((4, 1, -2), (0.3, 1, 2), (200, 3))])


@pytest.fixture(scope="module")
def weight(points):
    weight = np.random.default_rng(2).exponential(size=len(points))
    weight[:5] = 0.0
    return weight


@pytest.mark.parametrize("components", [1, 4])
def test_fit_and_density_are_those_of_the_plain_mixture(points, weight, components):
    quick, plain = (
        kind.fitted(points, weight, components, DEGREES, np.random.default_rng(3))
        for kind in (QuickMixture, StudentMixture)
    )
    for name in ("share", "centre", "factor"):
        np.testing.assert_allclose(getattr(quick, name), getattr(plain, name), rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(quick.log_prob(3 * points), plain.log_prob(3 * points), rtol=1e-10, atol=1e-10)


def test_beside_one_another(points):
    narrow, wide = (QuickMixture(np.ones(1), np.zeros((1, 3)), size * np.eye(3)[None], DEGREES) for size in (1.0, 9.0))
    both = narrow.beside(wide, 0.1)
    assert isinstance(both, QuickMixture)
    expected = np.logaddexp(np.log(0.9) + narrow.log_prob(points), np.log(0.1) + wide.log_prob(points))
    np.testing.assert_allclose(both.log_prob(points), expected)


def test_a_component_that_hardly_any_points_are_left_to_is_dropped(points, weight):
    share, centre = np.array([0.5, 0.5]), np.array([[0.0, 0.0, 0.0], [1e6, 0.0, 0.0]])
    two = QuickMixture(share, centre, np.repeat(np.eye(3)[None], 2, 0), DEGREES)
    assert len(two._improved(points[:600], weight[:600] / weight[:600].sum(), np.eye(3)).share) == 1
