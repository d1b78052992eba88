"""Importance sampling: a flow's draws weighted to be those of the exact posterior, and what the weights tell."""

import math

import torch
from torch import Tensor

from digs.flow import Posterior
from digs.likelihood import PosteriorDensity
from digs.priors import Prior
from digs.simulator import Simulator


def log_joint(simulator: Simulator, prior: Prior, draws: Tensor, flux: Tensor, fraction: float) -> Tensor:
    """ln L(theta) + ln prior(theta), shape (N, draws), float64; draws and flux as of log_weights."""
    return PosteriorDensity(simulator, prior, flux, fraction)(draws.flatten(0, 1)).reshape(draws.shape[:2])


def log_weights(posterior: Posterior, simulator: Simulator, draws: Tensor, flux: Tensor) -> Tensor:
    """ln L(theta) + ln prior(theta) - ln q(theta | flux), shape (N, draws), float64.

    Args:
        draws: of the posterior, shape (N, draws, 5). flux: shape (N, pixels).
    """
    prior = Prior(posterior.record.prior_low, posterior.record.prior_high)
    joint = log_joint(simulator, prior, draws, flux, posterior.record.noise_fraction)
    return joint - posterior.log_prob(draws, flux).double()


def efficiency(log_weight: Tensor) -> Tensor:
    """The effective share of the draws (Kish 1965), between 1 / draws and 1, shape (N,): 1 if q is exact."""
    weight = torch.softmax(log_weight, 1)
    return 1 / (weight.square().sum(1) * weight.shape[1])


def log_evidence(log_weight: Tensor) -> Tensor:
    """ln of the integral of likelihood times prior, shape (N,)."""
    return torch.logsumexp(log_weight, 1) - math.log(log_weight.shape[1])


def resample(log_weight: Tensor, number: int, generator: torch.Generator) -> Tensor:
    """So many different draws of each galaxy, chosen by their weights: row numbers, shape (N, number).

    The number should be well below the effective number of draws; then they follow the exact posterior.
    """
    return torch.multinomial(torch.softmax(log_weight, 1), number, generator=generator)
