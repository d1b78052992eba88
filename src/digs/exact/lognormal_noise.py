"""Other pixels, resolution and noise, which Khullar et al. (2022) write, plot or ran: what the exact posteriors become.

Their released code has noise that is normal in log10 of the flux, with a standard deviation of log10(1 + fraction).
"""

import math

import numpy as np
import torch
from torch import Tensor

from digs.base.statistics import efficiency, reweighted_quantiles
from digs.exact.likelihood import log_likelihood
from digs.exact.stuck_walkers import stuck_draws
from digs.physics.simulator import Simulator


def with_lognormal_noise(flux: Tensor, unit: Tensor, fraction: float) -> Tensor:
    """Return spectra whose logarithms have normal noise, from standard normal numbers of their shape."""
    return flux * (1 + fraction) ** unit


def lognormal_log_likelihood(flux: Tensor, model: Tensor, fraction: float) -> Tensor:
    """Return ln L of such spectra, shape (...), float64, as a density in the fluxes' logarithms.

    All else is as of log_likelihood.
    """
    sigma = lognormal_fraction(fraction)
    pull = (flux / model).log() / sigma
    return -(pull.square() / 2 + math.log(sigma * math.sqrt(2 * math.pi))).sum(-1, dtype=torch.float64)


def lognormal_fraction(fraction: float) -> float:
    """Return the Gaussian noise, in units of the model's flux, that comes closest to such noise."""
    return math.log1p(fraction)


@torch.no_grad()
def reweighted_to_lognormal(
    simulator: Simulator, draws: np.ndarray, flux: Tensor, fraction: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the exact posteriors for such noise, from draws of those for the Gaussian noise that comes closest.

    Args:
        draws: shape (N, draws, 5); those of walkers that are stuck get no weight.
        flux: shape (N, pixels).
    Returns:
        quantiles at QUANTILES, shape (N, quantiles, 5), and the effective share of the draws, shape (N,).
    """
    gaussian, lognormal = [], []
    for theta, one in zip(torch.as_tensor(draws), flux, strict=True):
        model = simulator(theta)
        gaussian.append(log_likelihood(one, model, lognormal_fraction(fraction)))
        lognormal.append(lognormal_log_likelihood(one, model, fraction))
    log_weight = torch.stack(lognormal) - torch.stack(gaussian)
    log_weight[stuck_draws(torch.stack(gaussian))] = -torch.inf
    return reweighted_quantiles(draws, log_weight), efficiency(log_weight).numpy()
