"""The masked autoregressive flow, evaluated in bulk, against sbi's own evaluation."""

import copy

import pytest
import torch

from digs.config.model import Architecture
from digs.flows.estimator import build_estimator, log_prob


@pytest.fixture
def estimator():
    """An untrained flow with weights spread out, float64, conditioned on 7 features."""
    torch.manual_seed(1)
    architecture = Architecture(hidden_features=9, hidden_layers=3, num_transforms=4)
    estimator = build_estimator(architecture, 3 + 2 * torch.randn(50, 5), torch.randn(50, 7)).double()
    with torch.no_grad():
        for weight in estimator.parameters():
            weight += 0.5 * torch.randn_like(weight)
    return estimator


@pytest.mark.parametrize("shape", [(20, 5), (3, 20, 5), (1, 20, 5)])
def test_the_same_density_as_sbis(estimator, shape):
    theta, context = torch.randn(shape, dtype=torch.float64), torch.randn(20, 7, dtype=torch.float64)
    expected = estimator.log_prob(theta.reshape(-1, 20, 5), context).reshape(shape[:-1])
    torch.testing.assert_close(log_prob(estimator, theta, context), expected, rtol=0, atol=1e-7)  # sbi rounds ln 2 pi


def test_the_same_gradients_as_sbis(estimator):
    other = copy.deepcopy(estimator)
    theta, context = torch.randn(20, 5, dtype=torch.float64), torch.randn(20, 7, dtype=torch.float64)
    log_prob(estimator, theta, context).mean().backward()
    (-other.loss(theta, context)).mean().backward()
    for (name, weight), expected in zip(estimator.named_parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(weight.grad, expected.grad, rtol=1e-8, atol=1e-10, msg=name)


def test_it_follows_the_estimator_to_another_precision(estimator):
    estimator.float()
    assert log_prob(estimator, torch.randn(4, 5), torch.randn(4, 7)).dtype == torch.float32
