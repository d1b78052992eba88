"""Draws of a smooth density of a few coordinates: importance sampling in rounds, each from what the last one learned.

The proposal is Student's t around the mean of the weighted draws with their covariance; the first one is around the
mode, with the covariance that the search for the mode has found. Its tails are heavier than those of a posterior. Where
few draws are effective, a round learns from weights that are evened out by a power, and there are more rounds.
"""

import numpy as np
import torch
from scipy.optimize import minimize
from scipy.stats import multivariate_t

from digs.base.errors import DigsError
from digs.base.progress import progress
from digs.base.statistics import efficiency, resample_systematically
from digs.exact.emcee_walk import Density

_EARLIER = (200, 200, 400)  # draws of the rounds before the last
_MORE, _MORE_ROUNDS = 400, 12  # draws of more rounds, where these are not enough, and the most of them
_GOOD_SHARE = 0.1  # of effective draws in a round, with which there are enough
_LEARN_FROM = 10  # effective draws for each coordinate
_WORST = 1e12  # -ln of a density that is 0
_FREEDOM = 6  # degrees, of Student's t
_WIDER = 2.0  # the first proposal, than the search says
_LEAST_SHARE = 0.05  # of effective draws in the last round


def student_rounds(
    log_density: Density, start: np.ndarray, number: int, random: np.random.Generator, description: str
) -> np.ndarray:
    """Return draws of equal weight, shape (number, k); some are there more than once.

    Args:
        log_density: of coordinates (n, k), up to a constant, (n,).
        start: of the search for the mode, shape (k,).
        number: of draws, in the last round and returned.
        random: where all random numbers come from.
        description: of the progress bar.
    Raises:
        DigsError: the last proposal is still far from the density.

    Example:
        >>> import numpy as np
        >>> from digs.inference.population.student_rounds import student_rounds
        >>> normal = lambda places: -((places - 3) ** 2).sum(1) / 2 / 0.1**2
        >>> draws = student_rounds(normal, np.zeros(2), 4000, np.random.default_rng(1), "Example")
        >>> bool((abs(draws.mean(0) - 3) < 0.01).all()), bool((abs(draws.std(0) - 0.1) < 0.01).all())
        (True, True)
    """
    height = lambda place: min(-log_density(place[None])[0], _WORST)
    found = minimize(height, start, method="BFGS", options={"gtol": 0.01})
    mean, covariance, share = found.x, _WIDER**2 * found.hess_inv, 0.0
    with progress(desc=description, unit="round") as bar:
        for place, size in enumerate(_EARLIER + (_MORE,) * _MORE_ROUNDS):
            if place >= len(_EARLIER) and share >= _GOOD_SHARE:
                break
            draws, log_weight = _round(log_density, mean, covariance, size, random)
            bar.update()
            if np.isfinite(log_weight).any():
                share = float(efficiency(torch.from_numpy(log_weight[None]))[0])
                mean, covariance = _learned(draws, log_weight)
            else:
                mean, covariance = start, covariance / _WIDER**2
        draws, log_weight = _round(log_density, mean, covariance, number, random)
        bar.update()
    share = float(efficiency(torch.from_numpy(log_weight[None]))[0]) if np.isfinite(log_weight).any() else 0.0
    if not share >= _LEAST_SHARE:
        raise DigsError(
            f"Only {share:.1%} of the draws of the population are effective; its posterior is too unlike a normal "
            "one, as where data hardly tell a width: give more galaxies or fewer parameters."
        )
    return draws[resample_systematically(log_weight, number, random)]


def _round(
    log_density: Density, mean: np.ndarray, covariance: np.ndarray, size: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draws of a proposal, and their ln weights."""
    shape = covariance * (_FREEDOM - 2) / _FREEDOM
    proposal = multivariate_t(mean, shape, df=_FREEDOM, seed=random, allow_singular=True)
    draws = proposal.rvs(size).reshape(size, -1)
    return draws, log_density(draws) - proposal.logpdf(draws)


def _learned(draws: np.ndarray, log_weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of weighted draws, of which enough are effective after a power of the weights is taken."""
    wanted = min(_LEARN_FROM * draws.shape[1], np.isfinite(log_weight).sum() / 2)
    for power in 0.7 ** np.arange(30):
        weight = np.exp(power * (log_weight - log_weight.max()))
        weight /= weight.sum()
        if 1 / np.square(weight).sum() >= wanted:
            break
    return weight @ draws, np.cov(draws, rowvar=False, aweights=weight).reshape(draws.shape[1], -1)
