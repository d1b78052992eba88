"""The continuity prior: its draws, its density and Prospector's."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from prospect.models.templates import TemplateLibrary
from scipy import integrate, stats

from digs.physics.histories.continuity_prior import ContinuityPrior

STUDENT = stats.t(df=2, scale=0.3)


def density(value: float) -> float:
    return float(ContinuityPrior(1).log_prob(torch.tensor([value], dtype=torch.float64)).exp())


def cumulative(values: np.ndarray) -> np.ndarray:
    """From the density, by integration between values in order."""
    order = np.argsort(values)
    ends = np.concatenate([[-np.inf], values[order]])
    steps = [integrate.quad(density, *pair, epsrel=1e-10)[0] for pair in pairwise(ends)]
    found = np.empty_like(values)
    found[order] = np.cumsum(steps)
    return found


def test_draws_follow_the_density():
    draws = ContinuityPrior(3).sample(300, torch.Generator().manual_seed(5)).flatten().numpy()
    assert stats.kstest(draws, cumulative).pvalue > 0.01
    many = ContinuityPrior(1).sample(100_000, torch.Generator().manual_seed(6))[:, 0].numpy()
    assert stats.kstest(many, STUDENT.cdf).pvalue > 0.01


def test_ratios_are_independent():
    draws = ContinuityPrior(6).sample(20_000, torch.Generator().manual_seed(7)).numpy()
    correlation = stats.spearmanr(draws).statistic - np.eye(6)
    assert np.abs(correlation).max() < 0.03


def test_the_density_is_prospectors():
    prior = TemplateLibrary["continuity_sfh"]["logsfr_ratios"]["prior"]
    ratios = torch.randn(50, 2, generator=torch.Generator().manual_seed(8), dtype=torch.float64)
    expected = prior(ratios.numpy()).sum(1)
    np.testing.assert_allclose(ContinuityPrior(2).log_prob(ratios).numpy(), expected, rtol=1e-12)
    assert density(0.2) == pytest.approx(STUDENT.pdf(0.2), rel=1e-12)


def test_same_generator_same_draws_all_finite():
    first, again = (ContinuityPrior(2).sample(10, torch.Generator().manual_seed(9)) for _ in range(2))
    assert first.dtype == torch.float64
    assert torch.equal(first, again)
    assert torch.isfinite(first).all()


@pytest.mark.parametrize("ratios", [-1, 2.5, "a", 0])
def test_a_number_of_ratios_that_is_none_is_refused(refused, ratios):
    with refused("The number of ratios"):
        ContinuityPrior(ratios)


def test_other_draws_and_ratios_are_refused(refused):
    prior = ContinuityPrior(6)
    with refused("torch.Generator"):
        prior.sample(3, 1)
    with refused("The number of draws"):
        prior.sample(-3, torch.Generator())
    with refused("(3, 5)", "6"):
        prior.log_prob(torch.zeros(3, 5))
