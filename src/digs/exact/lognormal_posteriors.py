"""Exact posteriors under noise that is normal in the logarithm of the flux, with their density at the truth."""

import numpy as np
import torch
from torch import Tensor

from digs.base.statistics import QUANTILES, log_evidence, reweighted_quantiles
from digs.exact.brute_force.grid import Grid
from digs.exact.lognormal_noise import log_weight_to_lognormal, lognormal_fraction, lognormal_log_likelihood
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator


def lognormal_posteriors(
    simulator: Simulator, prior: Prior, theta: Tensor, flux: Tensor, fraction: float, draws: int, seed: int
) -> tuple[np.ndarray, Tensor, Tensor]:
    """Return exact posteriors of spectra.

    Args:
        theta: the truths, (N, 5).
        flux: noisy F_lambda, (N, pixels).
        fraction: the noise in log10 of the flux has a standard deviation of log10(1 + fraction).
        draws: weighted ones, of each posterior.
    Returns:
        half-widths, (N, 5); how many draws are effective, (N,); and ln of the posterior at the truths, (N,).
    """
    found = Grid(simulator, prior, lognormal_fraction(fraction)).posterior(flux, draws, seed, ids=range(len(flux)))
    log_weight = found.log_weight + log_weight_to_lognormal(simulator, found.draws, flux, fraction)
    quantiles = reweighted_quantiles(found.draws.numpy(), log_weight)
    low, high = QUANTILES.index(0.16), QUANTILES.index(0.84)
    with torch.no_grad():
        likelihood = lognormal_log_likelihood(flux, simulator(theta), fraction)
    volume = torch.log(prior.high - prior.low).sum().item()
    weight = torch.softmax(log_weight, 1)
    at_truth = likelihood - volume - log_evidence(log_weight)
    return (quantiles[:, high] - quantiles[:, low]) / 2, 1 / weight.square().sum(1), at_truth
