"""How many draws it takes until enough of those that are chosen of them are effective."""

import numpy as np
import pytest
import torch

from digs.base.statistics import efficiency
from digs.exact.brute_force.samples import STEPS, Sample, share_after, times_wanted

DRAWS = 2000


def sample(log_weight: np.ndarray) -> Sample:
    theta = np.random.default_rng(1).normal(size=(*log_weight.shape, 5))
    evidence = np.logaddexp.reduce(log_weight, 1) - np.log(log_weight.shape[1])
    return Sample(theta, log_weight, evidence, np.zeros(len(theta)))


@pytest.fixture(params=[0.3, 1.0, 2.0], ids=["even", "uneven", "very uneven"])
def log_weight(request):
    return np.random.default_rng(2).normal(0, request.param, (3, DRAWS))


def test_fewer_draws_have_the_effective_share_that_is_foretold(log_weight):
    for times in (1.0, 2.0, 8.0):
        fewer = sample(log_weight).fewer(int(DRAWS / times), [0.3, 0.5, 0.7])
        foretold = [share_after(each, times) for each in log_weight]
        np.testing.assert_allclose(efficiency(torch.as_tensor(fewer.log_weight)), foretold, atol=0.03)


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


def test_even_weights_want_no_more_and_uneven_ones_do():
    some = sample(np.random.default_rng(3).normal(0, 1, (3, DRAWS)) * [[0.1], [1.0], [6.0]])
    even, uneven, hopeless = times_wanted(some, 0.9)
    assert even == 1
    assert 1 < uneven < hopeless <= STEPS[-1]


def test_a_galaxy_without_weights_wants_all_there_is():
    assert times_wanted(sample(np.full((1, DRAWS), -np.inf)), 0.9).tolist() == [STEPS[-1]]
