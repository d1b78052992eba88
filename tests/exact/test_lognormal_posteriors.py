"""Exact posteriors for noise that is normal in the logarithm: that their density at a point is one."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from digs.exact import lognormal_posteriors as module
from digs.exact.brute_force.grid import Grid
from digs.exact.lognormal_noise import (
    log_weight_to_lognormal,
    lognormal_fraction,
    lognormal_log_likelihood,
    with_lognormal_noise,
)

FRACTION, DRAWS, SEED = 0.05, 4000, 1


def test_density_at_the_truth_agrees_with_another_estimate_of_the_evidence(simulator, prior, monkeypatch):
    """By importance sampling from a Student-t distribution that is fitted to the posterior's draws."""
    theta = torch.tensor([[10.5, -0.9, 0.5, 2.0, 0.0]], dtype=torch.float64)
    with torch.no_grad():
        model = simulator(theta)
    flux = with_lognormal_noise(model, torch.randn(model.shape, generator=torch.Generator().manual_seed(2)), FRACTION)
    grid = Grid(simulator, prior, lognormal_fraction(FRACTION))
    monkeypatch.setattr(module, "Grid", lambda *given: grid)  # which takes seconds to set up
    given = simulator, prior, theta, flux, FRACTION, DRAWS, SEED
    half_width, effective, at_truth = module.lognormal_posteriors(*given)
    assert half_width.shape == (1, 5)
    assert effective.item() > 0.5 * DRAWS

    found = grid.posterior(flux, DRAWS, SEED)
    weight = torch.softmax(found.log_weight + log_weight_to_lognormal(simulator, found.draws, flux, FRACTION), 1)
    draws = found.draws[0].numpy()
    mean, covariance = weight[0].numpy() @ draws, np.cov(draws.T, aweights=weight[0].numpy())
    proposal = stats.multivariate_t(mean, 1.5 * covariance, df=5)
    tried = torch.as_tensor(proposal.rvs(40_000, random_state=3))
    inside = prior.contains(tried)
    with torch.no_grad():
        likelihood = lognormal_log_likelihood(flux, simulator(tried[inside]), FRACTION).numpy()
    log_prior = -torch.log(prior.high - prior.low).sum().item()
    log_term = likelihood + log_prior - proposal.logpdf(tried[inside].numpy())
    log_evidence = np.logaddexp.reduce(log_term) - math.log(len(tried))
    with torch.no_grad():
        expected = lognormal_log_likelihood(flux, simulator(theta), FRACTION).item() + log_prior - log_evidence
    share = np.exp(log_term - log_term.max())
    assert share.sum() ** 2 / (share**2).sum() > 1000  # draws that are effective
    assert at_truth.item() == pytest.approx(expected, abs=0.1)
