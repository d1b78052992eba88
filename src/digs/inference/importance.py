"""Importance sampling: a flow's draws weighted to be those of the exact posterior, and what the weights tell."""

from torch import Tensor

from digs.exact.likelihood import log_joint
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
