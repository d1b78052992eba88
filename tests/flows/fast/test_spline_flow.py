"""Draws of spline flows with their density, against zuko's in double precision."""

import copy

import pytest
import torch

from digs.config.model import Architecture
from digs.flows.estimator import build_estimator, log_prob
from digs.flows.fast.sampler import _plain_sampler
from digs.flows.fast.spline_flow import SplineFlow

COORDINATES, CONTEXT, DRAWS = 4, 6, 300


def normal(*shape, seed):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture(scope="module")
def estimator():
    """An untrained flow with weights spread out, so that splines have steep and flat bins."""
    torch.manual_seed(1)
    architecture = Architecture(density_estimator="zuko_nsf", num_bins=6, hidden_features=11, num_transforms=3)
    standard, context = 3 + 2 * torch.randn(50, COORDINATES), torch.randn(50, CONTEXT)
    estimator = build_estimator(architecture, standard, context).double()
    with torch.no_grad():
        for weight in estimator.parameters():
            weight += 0.5 * torch.randn_like(weight)
    return estimator.requires_grad_(False)


def test_draws_and_densities_are_zukos(estimator):
    noise, context = 2 * normal(DRAWS, COORDINATES, seed=2), normal(CONTEXT, seed=3)
    noise[0] = 7.0  # beyond the splines
    y, log_q = SplineFlow(estimator)(noise, context)
    torch.testing.assert_close(y, _plain_sampler(estimator)(noise[None], context[None])[0], rtol=1e-10, atol=1e-10)
    expected = log_prob(estimator, y[:, None], context[None])[:, 0]
    torch.testing.assert_close(log_q, expected, rtol=1e-10, atol=1e-9)
    assert log_q.std() > 1


def test_single_precision_is_enough(estimator):
    noise, context = normal(DRAWS, COORDINATES, seed=4), normal(CONTEXT, seed=5)
    single = SplineFlow(copy.deepcopy(estimator).float())(noise.float(), context.float())
    double = SplineFlow(estimator)(noise.float().double(), context.float().double())
    torch.testing.assert_close(single[0].double(), double[0], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(single[1], double[1], rtol=0, atol=1e-3)


def test_what_is_no_number_stays_none(estimator):
    noise, context = normal(3, COORDINATES, seed=6), normal(CONTEXT, seed=7)
    noise[1, 2] = torch.nan
    y, log_q = SplineFlow(estimator)(noise, context)
    assert y.isfinite().all(1).tolist() == log_q.isfinite().tolist() == [True, False, True]
    context[0] = torch.nan
    assert not SplineFlow(estimator)(noise[:1], context)[0].isfinite().all()
