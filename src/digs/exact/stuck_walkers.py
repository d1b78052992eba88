"""Walkers that are stuck far from all others: found while ensembles burn in, and put among the others.

An ensemble's moves are differences between its walkers. A walker in a local maximum, too narrow for these and too far
from the others, stays where it is, however improbable that is. Ranks, and so R-hat, hardly see it; tails do. Chains
keep their stationary distribution if walkers are replaced in burn-in alone.

A mode of its own must not be taken for that. Walkers are stuck if in a round of burn-in

- they never come within FAR_BELOW (config.model) of the best of their galaxy's walkers,
- they are not on their way up, and
- the mode that they would stand for holds no mass: of two normal modes with mean ln posterior l and covariance C of the
  walkers' steps, the masses are as exp(l) sqrt(det C). A wide and low mode that holds a share of the posterior that
  anybody would notice has many walkers, which show how wide it is.
"""

import numpy as np
import torch
from torch import Tensor

from digs.config.model import FAR_BELOW
from digs.exact.likelihood import log_joint
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

_RISING = 5.0  # nat from one half of a round to the other, that walkers on their way gain


_LEAST_MASS = 1e-4  # of the posterior's, below which a mode would hardly have one draw in thousands


def stuck_in(log_prob: np.ndarray, position: np.ndarray, far_below: float) -> np.ndarray:
    """Return which walkers of one galaxy are stuck, shape (walkers,).

    Args:
        log_prob: ln posterior at the steps of a round of burn-in, shape (walkers, steps).
        position: shape (walkers, steps, dimensions).
        far_below: the best, in nat.
    """
    first, second = np.array_split(log_prob, 2, axis=1)
    low = log_prob.max(1) < log_prob.max() - far_below
    stuck = low & (second.mean(1) < first.mean(1) + _RISING)
    if not stuck.any() or _log_mass(log_prob, position, stuck) > _log_mass(log_prob, position, ~low) + np.log(
        _LEAST_MASS
    ):
        return np.zeros_like(stuck)
    return stuck


def _log_mass(log_prob: np.ndarray, position: np.ndarray, walkers: np.ndarray) -> float:
    """ln of the mass, up to a constant, of a normal mode that these walkers are in; -inf where none has moved."""
    points = position[walkers].reshape(-1, position.shape[-1]).astype(float)
    _, log_determinant = np.linalg.slogdet(np.atleast_2d(np.cov(points, rowvar=False)))
    return log_prob[walkers].mean() + log_determinant / 2


def freed(stuck: np.ndarray, log_prob: np.ndarray, far_below: float, random: np.random.Generator) -> np.ndarray:
    """Return whose places the walkers of one galaxy take, shape (ensembles, walkers): their own, if they are not stuck.

    Others take that of a walker that is not far below, chosen at random from their own ensemble if that has any.

    Args:
        stuck: shape (ensembles, walkers).
        log_prob: ln posterior where they are, shape (ensembles, walkers).
        far_below: the best, in nat.
    """
    place = np.arange(stuck.size).reshape(stuck.shape)
    good = ~stuck & (log_prob >= log_prob.max() - far_below)
    taken = place.copy()
    for ensemble in np.flatnonzero(stuck.any(1)):
        own = place[ensemble][good[ensemble]]
        donors = own if len(own) else place[good]
        taken[ensemble, stuck[ensemble]] = random.choice(donors, stuck[ensemble].sum())
    return taken


def stuck_draws(log_prob: Tensor) -> Tensor:
    """Return which draws lie FAR_BELOW the best of their galaxy, shape (N, draws), by ln posterior so shaped."""
    return log_prob < log_prob.amax(1, keepdim=True) - FAR_BELOW


_FEW = 1e-3  # of the draws; walkers that are stuck and have no more do not count


def share_of_stuck(
    simulator: Simulator, prior: Prior, draws: np.ndarray, flux: Tensor, fraction: float
) -> dict[str, float]:
    """Return how many galaxies have more than _FEW of their draws from stuck walkers, and the largest such share.

    Args:
        draws: of the chains, shape (N, draws, 5), with the posteriors of flux, shape (N, pixels).
        fraction: of the noise.
    """
    log_prob = log_joint(simulator, prior, torch.as_tensor(draws), flux, fraction)
    # rounding has put some outside the prior
    share = (stuck_draws(log_prob) & torch.isfinite(log_prob)).double().mean(1)
    return {"galaxies": int((share > _FEW).sum()), "largest_share": share.max().item()}
