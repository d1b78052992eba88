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
    """Return ln L(theta) + ln prior(theta) - ln q(theta | flux), shape (N, draws), float64.

    These are the log weights that make the network's draws those of the exact posterior.

    Args:
        posterior: the network's, q.
        simulator: of the model spectra.
        draws: of the posterior, shape (N, draws, 5).
        flux: observed F_lambda, shape (N, pixels).

    Example:
        >>> import digs
        >>> from digs.inference import log_weights
        >>> posterior, simulator = digs.Posterior.load("fiducial"), digs.Simulator()
        >>> flux = simulator([[10.5, -0.4, 0.6, 1.6, -0.9]])
        >>> weight = log_weights(posterior, simulator, posterior.sample(flux, 200, seed=1), flux).softmax(1)
        >>> bool(1 / weight.square().sum() > 100)  # more than half of the draws are effective
        True
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
