"""Importance sampling: on a normal distribution and a proposal whose weights are known."""

import math

import pytest
import torch

from digs.base.statistics import efficiency, log_evidence, resample

EVIDENCE = 0.3  # the integral of the target, which is this times a normal distribution
WIDE = 1.5  # standard deviation of the proposal, in units of the target's


@pytest.fixture(scope="module")
def weighted() -> tuple[torch.Tensor, torch.Tensor]:
    """Draws of a wide normal distribution and their log weights to a standard one, shape (3, 200000) each."""
    draws = WIDE * torch.randn(3, 200_000, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return draws, math.log(EVIDENCE) - draws.square() / 2 + (draws / WIDE).square() / 2 + math.log(WIDE)


def test_equal_weights_waste_nothing():
    torch.testing.assert_close(efficiency(torch.full((2, 50), -7.0)), torch.ones(2))


def test_one_weight_alone_is_one_draw():
    torch.testing.assert_close(efficiency(torch.tensor([[0.0, -800.0, -800.0, -800.0]])), torch.tensor([0.25]))


def test_efficiency_of_a_wide_proposal(weighted):
    expected = math.sqrt(2 * WIDE**2 - 1) / WIDE**2  # 1 / E[w^2] with E[w] = 1
    torch.testing.assert_close(efficiency(weighted[1]).mean().item(), expected, rtol=0.01, atol=0)


def test_evidence(weighted):
    torch.testing.assert_close(log_evidence(weighted[1]).exp().mean().item(), EVIDENCE, rtol=0.01, atol=0)


def test_resampled_draws_follow_the_target_and_are_different(weighted):
    draws, weights = weighted
    rows = resample(weights, 20_000, torch.Generator().manual_seed(2))
    assert all(len(row.unique()) == 20_000 for row in rows)
    chosen = draws.gather(1, rows)
    assert (chosen.mean(1).abs() < 0.03).all()
    assert ((chosen.std(1) - 1).abs() < 0.03).all()
