"""What is kept of one galaxy's posterior, when the truth is known."""

import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from digs.diagnostics.joint import weighted_probability
from digs.inference.engine.galaxy_posterior import GalaxyPosterior
from digs.inference.general_check.made_spectra import MadeGalaxy
from digs.inference.results.galaxy_draws import OUTSIDE, REFITTED

T = TypeVar("T")

NUMBERS = (
    "first",
    "effective",
    "calls",
    "seconds",
    "outside",
    "failed",
    "refitted",
    "joint",
)  # then the rank of each column
RANKS = len(NUMBERS)


def timed_alone(make: Callable[[], T]) -> tuple[T, float]:
    """Return what a call returns, and the seconds that the processor spent on it."""
    begin = time.process_time()
    found = make()
    return found, time.process_time() - begin


def galaxy_numbers(made: MadeGalaxy, posterior: GalaxyPosterior, seconds: float) -> np.ndarray:
    """Return NUMBERS, then the cumulative probability of the truth in each column of theta, shape (numbers,).

    What a galaxy outside the model does not have is nan, and so is the rank of a dispersion that is known. `joint` is
    the share of the posterior nearer to its mean than the truth.

    Args:
        made: the galaxy and its truth.
        posterior: of the engine.
        seconds: that it took.
    """
    found = np.full(RANKS + len(made.names), np.nan)
    outside = posterior.verdict == OUTSIDE
    failed = outside and not np.isfinite(posterior.statistics["probability"])  # nothing was compared
    effective = 0.0 if outside else posterior.statistics["effective"]
    first, calls = (posterior.statistics[name] for name in ("first_efficiency", "calls"))
    found[: RANKS - 1] = first, effective, calls, seconds, outside, failed, posterior.verdict == REFITTED
    if not outside:
        truth = made.theta[[made.names.index(name) for name in posterior.names]]
        found[RANKS - 1] = nearer_share(posterior.draws, posterior.log_weight, truth)
        places = [RANKS + made.names.index(name) for name in posterior.names]
        found[places] = weighted_probability(posterior.draws[None], truth[None], posterior.log_weight[None])[0]
    return found


def nearer_share(draws: np.ndarray, log_weight: np.ndarray, truth: np.ndarray) -> float:
    """Return how much of a posterior lies in the ellipsoid through the truth, uniform where the posterior is right.

    Mean and covariance are those of every other draw, and the share that of the rest: draws that had a part in the
    ellipsoid would lie further inside it than the truth.

    Args:
        draws: shape (draws, columns), and log_weight, (draws,).
        truth: shape (columns,).

    Example:
        >>> import numpy as np
        >>> from digs.inference.general_check.galaxy_numbers import nearer_share
        >>> draws = np.random.default_rng(1).standard_normal((4000, 2))
        >>> round(nearer_share(draws, np.zeros(4000), np.array([1.0, 1.0])), 1)  # 1 - exp(-1)
        0.6
    """
    weight = np.exp(log_weight - log_weight.max())
    few, share = draws[::2], weight[::2] / weight[::2].sum()
    mean = share @ few
    inverse = np.linalg.pinv((few - mean).T @ (share[:, None] * (few - mean)), hermitian=True)
    distance = lambda points: np.einsum("...i,ij,...j->...", points - mean, inverse, points - mean)
    return float(weight[1::2][distance(draws[1::2]) < distance(truth)].sum() / weight[1::2].sum())
