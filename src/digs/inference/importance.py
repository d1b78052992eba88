"""Importance sampling: a flow's draws weighted to be those of the exact posterior, and what the weights tell."""

import numpy as np
import torch
from torch import Tensor

from digs.base.statistics import QUANTILES
from digs.exact.likelihood import log_joint
from digs.inference.batches import draws_in_batches
from digs.inference.posterior import Posterior
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator


def log_weights(posterior: Posterior, simulator: Simulator, draws: Tensor, flux: Tensor) -> Tensor:
    """ln L(theta) + ln prior(theta) - ln q(theta | flux), shape (N, draws), float64.

    Args:
        draws: of the posterior, shape (N, draws, 5). flux: shape (N, pixels).
    """
    prior = Prior(posterior.record.prior_low, posterior.record.prior_high)
    joint = log_joint(simulator, prior, draws, flux, posterior.record.noise_fraction)
    return joint - posterior.log_prob(draws, flux).double()


def quantiles_and_log_weights(
    posterior: Posterior, simulator: Simulator, flux: Tensor, draws: int, seed: int, size: int
) -> tuple[np.ndarray, Tensor]:
    """Return quantiles of the network's draws at QUANTILES, shape (N, quantiles, 5), and log_weights of these draws.

    Args:
        flux: shape (N, pixels).
        draws, seed, size: as of draws_in_batches.
    """
    quantiles, weights = [], []
    for rows, drawn in draws_in_batches(posterior, flux, draws, seed, size, posterior.record.name):
        quantiles.append(np.quantile(drawn.numpy(), QUANTILES, axis=1).swapaxes(0, 1))
        weights.append(log_weights(posterior, simulator, drawn, flux[rows]))
    return np.concatenate(quantiles), torch.cat(weights)
