"""Weighted draws, and fewer that are chosen of them."""

import numpy as np
import pytest
import torch

from digs.base.statistics import efficiency
from digs.exact.brute_force.samples import Sample

DRAWS = 2000


def sample(log_weight: np.ndarray) -> Sample:
    theta = np.random.default_rng(1).normal(size=(*log_weight.shape, 5))
    evidence = np.logaddexp.reduce(log_weight, 1) - np.log(log_weight.shape[1])
    return Sample(theta, log_weight, evidence, np.zeros(len(theta)))


@pytest.fixture(params=[0.3, 1.0, 2.0], ids=["even", "uneven", "very uneven"])
def log_weight(request):
    return np.random.default_rng(2).normal(0, request.param, (3, DRAWS))


def test_fewer_draws_have_more_even_weights(log_weight):
    before = efficiency(torch.as_tensor(log_weight))
    for times in (2, 8):
        fewer = sample(log_weight).fewer(DRAWS // times, [0.3, 0.5, 0.7])
        after = efficiency(torch.as_tensor(fewer.log_weight))
        assert (after > before).all()
        before = after


def test_fewer_draws_have_the_same_means_and_evidence(log_weight):
    whole = sample(log_weight)
    weight = np.exp(whole.log_weight)
    steps = 200
    means, evidences = np.zeros((2, 3))
    for start in (np.arange(steps) + 0.5) / steps:
        fewer = whole.fewer(300, [start] * 3)
        means += (np.exp(fewer.log_weight) * fewer.theta[:, :, 0]).mean(1) / steps
        evidences += np.exp(fewer.log_weight).mean(1) / steps
    np.testing.assert_allclose(means, (weight * whole.theta[:, :, 0]).mean(1), atol=0.02 * weight.mean())
    np.testing.assert_allclose(evidences, weight.mean(1), rtol=0.01)
