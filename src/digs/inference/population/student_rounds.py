"""Draws of a smooth density of a few coordinates: importance sampling in rounds, each from what the last one learned.

The proposal is Student's t around the mean of the weighted draws with their covariance; the first one is around the
mode, with the covariance that the search for the mode has found. Its tails are heavier than those of a posterior.
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
    mean, covariance = found.x, _WIDER**2 * found.hess_inv
    for size in progress((*_EARLIER, number), desc=description, unit="round"):
        shape = covariance * (_FREEDOM - 2) / _FREEDOM
        proposal = multivariate_t(mean, shape, df=_FREEDOM, seed=random, allow_singular=True)
        draws = proposal.rvs(size).reshape(size, -1)
        log_weight = log_density(draws) - proposal.logpdf(draws)
        weight = np.exp(log_weight - log_weight.max())
        weight /= weight.sum()
        mean = weight @ draws
        covariance = np.cov(draws, rowvar=False, aweights=weight).reshape(len(mean), -1)
    share = float(efficiency(torch.from_numpy(log_weight[None]))[0])
    if not share >= _LEAST_SHARE:
        raise DigsError(
            f"Only {share:.1%} of the draws of the population are effective; its posterior is too unlike a normal "
            "one, as where data hardly tell a width: give more galaxies or fewer parameters."
        )
    return draws[resample_systematically(log_weight, number, random)]
