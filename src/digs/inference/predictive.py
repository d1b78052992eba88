r"""Posterior predictive checks: do spectra of posterior draws look like the data?

With noise that is a fraction f of the model flux m, the pulls r_i = (x_i / m_i - 1) / f of data x at the true theta are
independent standard normal numbers whatever theta is, so that chi-squared, their sum of squares, follows its
distribution with as many degrees of freedom as there are pixels, N. A draw of the exact posterior and the truth are
exchangeable given the data. So over galaxies from the prior, chi-squared of the data at one posterior draw each follows
that same distribution: no effective number of parameters enters, and no approximation. For the same reason the
posterior predictive p-value (Rubin 1984; Gelman et al. 1996), the probability that data made anew from the posterior
have a larger chi-squared, needs no new data: it is the mean over draws of that distribution's tail.

The smallest chi-squared has fewer degrees of freedom, N - p. The effective number of parameters p is what chi-squared
rises by, on average, from its minimum to a posterior draw (Spiegelhalter et al. 2002); it is below 5 where the prior
cuts in.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from digs.exact.best_fit import pulls
from digs.exact.likelihood import log_likelihood
from digs.inference.posterior import Posterior
from digs.physics.simulator import Simulator

STARTS = 3  # of a fit


_AT_ONCE = 20_000  # spectra, to bound memory


@dataclass(frozen=True)
class Examined:
    """What the spectra of posterior draws say of the data.

    chi_squared, log_weight: of the draws, shape (N, draws), float64; log_weight is that of inference.importance, up to
    a constant. best: the draw of smallest chi_squared, shape (N,). pulls: of its spectrum, shape (N, pixels), float64.
    """

    chi_squared: Tensor
    log_weight: Tensor
    best: Tensor
    pulls: Tensor


@torch.no_grad()
def examine(posterior: Posterior, simulator: Simulator, flux: Tensor, draws: Tensor) -> Examined:
    """Compare data with the exact spectra of draws from the network's posterior.

    Args:
        posterior: the network's.
        simulator: of the model spectra.
        flux: observed F_lambda, shape (N, pixels).
        draws: of the posterior, shape (N, draws, 5).

    Example:
        >>> import torch, digs
        >>> from digs.inference import examine
        >>> posterior, simulator = digs.Posterior.load("fiducial"), digs.Simulator()
        >>> flux = digs.add_noise(simulator([[10.5, -0.4, 0.6, 1.6, -0.9]]), torch.Generator().manual_seed(1))
        >>> examined = examine(posterior, simulator, flux, posterior.sample(flux, 50, seed=1))
        >>> examined.chi_squared.shape, examined.pulls.shape
        (torch.Size([1, 50]), torch.Size([1, 138]))
    """
    fraction, number = posterior.record.noise_fraction, draws.shape[1]
    log_q = posterior.log_prob(draws, flux)
    parts, at_once = [], max(1, _AT_ONCE // number)
    for some_flux, some, some_log_q in zip(*(each.split(at_once) for each in (flux, draws, log_q)), strict=True):
        model = simulator(some.flatten(0, 1)).reshape(len(some), number, -1)
        data = some_flux[:, None]
        log_weight = log_likelihood(data, model, fraction) - some_log_q.double()
        pull = pulls(data, model, fraction)
        chi_squared = pull.square().sum(-1)
        best = chi_squared.argmin(1)
        parts.append((chi_squared, log_weight, best, pull[torch.arange(len(some)), best]))
    return Examined(*(torch.cat(part) for part in zip(*parts, strict=True)))


def promising(draws: Tensor, chi_squared: Tensor, number: int = STARTS) -> Tensor:
    """Return so many draws of smallest chi-squared to start a fit from, shape (N, number, 5)."""
    order = chi_squared.argsort(1)[:, :number]
    return draws.gather(1, order[..., None].expand(-1, -1, draws.shape[2]))
