"""Draws as steps: they come back, ridges stay thin, none leaves the prior."""

import numpy as np
import pytest

from digs.diagnostics.benchmark.stored_draws import STEPS, from_steps, to_steps

LOW, HIGH = np.zeros(5), np.ones(5)


def again(draws: np.ndarray) -> np.ndarray:
    return from_steps(*(part[None] for part in to_steps(draws, LOW, HIGH)))[0]


@pytest.fixture
def ridge() -> np.ndarray:
    """Draws that are a thousand times as long as they are thick, in directions between the parameters."""
    random = np.random.default_rng(1)
    turn = np.linalg.qr(random.standard_normal((5, 5)))[0]
    return 0.5 + random.standard_normal((500, 5)) * (5e-2, 1e-2, 1e-3, 2e-4, 5e-5) @ turn


def test_draws_come_back_to_a_fraction_of_their_scatter_along_every_axis(ridge):
    centre, axes, steps = to_steps(ridge, LOW, HIGH)
    assert (axes.dtype, steps.dtype) == (np.float32, np.int16)
    assert (steps.min(0) == 0).all()
    back = from_steps(centre[None], axes[None], steps[None])[0]
    covariance = np.cov(ridge, rowvar=False)
    white = np.linalg.solve(np.linalg.cholesky(covariance), (back - ridge).T)
    assert np.abs(white).max() < 5**0.5 / STEPS
    np.testing.assert_allclose(
        np.linalg.eigvalsh(np.cov(back, rowvar=False)), np.linalg.eigvalsh(covariance), rtol=0.01
    )


def test_draws_are_uncorrelated_along_the_axes(ridge):
    steps = to_steps(ridge, LOW, HIGH)[2].astype(float)
    np.testing.assert_allclose(np.cov(steps, rowvar=False) / STEPS**2, np.eye(5), atol=0.01)


def test_draws_at_the_ends_of_the_prior_stay_inside():
    random = np.random.default_rng(2)
    draws = np.abs(1e-3 * random.standard_normal((500, 5)))
    draws[:, 1] = 1 - draws[:, 0] - 1e-9 * draws[:, 1]
    back = again(draws)
    assert ((back > LOW) & (back < HIGH)).all()
    assert np.abs(back - draws).max() < 1e-3 * 2 / STEPS * 5**0.5


def test_a_draw_far_from_all_others():
    draws = 0.5 + 1e-4 * np.random.default_rng(3).standard_normal((500, 5))
    draws[0] = 0.9
    np.testing.assert_allclose(again(draws)[0], draws[0], atol=1e-3)
