"""Other pixels, resolution and noise, which Khullar et al. (2022) write, plot or ran: what the exact posteriors become.

Their released code has noise that is normal in log10 of the flux, with a standard deviation of log10(1 + fraction).
"""

import math

import torch
from torch import Tensor

from digs.exact.likelihood import log_likelihood
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
def log_weight_to_lognormal(simulator: Simulator, draws: Tensor, flux: Tensor, fraction: float) -> Tensor:
    """Return what to add to ln weights of draws, so that they are of such noise, shape (N, draws), float64.

    Without it they are of the Gaussian noise that comes closest.

    Args:
        draws: theta of N galaxies, shape (N, draws, 5).
        flux: shape (N, pixels).
    """
    added = []
    for theta, one in zip(draws, flux, strict=True):
        model = simulator(theta)
        gaussian = log_likelihood(one, model, lognormal_fraction(fraction))
        added.append(lognormal_log_likelihood(one, model, fraction) - gaussian)
    return torch.stack(added)
