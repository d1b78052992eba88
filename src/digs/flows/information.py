r"""Which features of a spectrum posteriors depend on.

Close to the best fit, the posterior of theta depends on the data through the score alone, the gradient of ln L, which
is J^T (x - m) for derivatives J of the model in units of the noise (Alsing & Wandelt 2018). The projector on the scores
of a galaxy, with the prior's width as a first guess, is

    J (J^T J + P)^{-1} J^T,    P = diag(12 / range^2).

Averaged over galaxies, its first eigenvectors are the directions that posteriors need most. Principal components of the
spectra themselves are those that spectra vary along most, which is not the same.
"""

import torch
from torch import Tensor

from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

_STEP = 1e-3  # of finite differences, in units of a prior range


@torch.no_grad()
def derivatives(simulator: Simulator, prior: Prior, theta: Tensor) -> Tensor:
    """Return d ln flux / d theta, (N, pixels, 5), by differences inside the prior around theta, (N, 5)."""
    low, high = prior.low.to(theta), prior.high.to(theta)
    columns = []
    for place, step in enumerate(_STEP * (high - low)):
        ends = []
        for sign in (1, -1):
            end = theta.clone()
            end[:, place] = (end[:, place] + sign * step).clamp(low[place], high[place])
            ends.append(end)
        difference = simulator(ends[0]).double().log() - simulator(ends[1]).double().log()
        columns.append(difference / (ends[0] - ends[1])[:, place : place + 1].double())
    return torch.stack(columns, -1)


def information(derivative: Tensor, prior: Prior, fraction: float) -> Tensor:
    """Return J^T J + P of galaxies, shape (N, 5, 5), float64, from derivatives of ln flux, shape (N, pixels, 5)."""
    width = (prior.high - prior.low).double()
    return derivative.mT @ derivative / fraction**2 + torch.diag(12 / width**2)


def score_directions(simulator: Simulator, prior: Prior, theta: Tensor, fraction: float) -> Tensor:
    """Return orthonormal directions of ln flux less its mean over pixels, (pixels, pixels - 1), the most needed first.

    Args:
        theta: galaxies to average over, shape (N, 5).
        fraction: of the noise.
    """
    derivative = derivatives(simulator, prior, theta)
    inverse = torch.linalg.inv(information(derivative, prior, fraction))
    shape = (derivative - derivative.mean(1, keepdim=True)) / fraction
    projector = torch.einsum("npi,nij,nqj->pq", shape, inverse, shape) / len(theta)
    # the last one, which has no share in any projector, is the mean over pixels
    return torch.linalg.eigh(projector)[1].flip(1)[:, :-1]


def lost_information(simulator: Simulator, prior: Prior, theta: Tensor, fraction: float, components: Tensor) -> Tensor:
    """Return how much less one learns of theta from the level and some components of the shape than from all pixels.

    In nat, near the best fit, where posteriors are normal with the inverse of `information` as covariance.

    Args:
        theta: galaxies, shape (N, 5).
        fraction: of the noise.
        components: of ln flux, shape (pixels, components).
    Returns:
        shape (N,), float64.
    """
    derivative = derivatives(simulator, prior, theta)
    level = torch.ones(len(components), 1, dtype=torch.float64)
    span = torch.linalg.qr(torch.cat([level, components.double()], 1))[0]
    whole, part = (information(each, prior, fraction) for each in (derivative, span.T @ derivative))
    return (torch.logdet(whole) - torch.logdet(part)) / 2
