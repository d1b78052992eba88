"""How far short walks of emcee lie from a long one on the same density, in coordinates that need not be theta."""

from collections.abc import Callable, Sequence

import numpy as np

from digs.base.progress import progress
from digs.base.statistics import QUANTILES, ratio_and_shift
from digs.config.stages.prospector_chain_settings import ProspectorChainSettings
from digs.exact.emcee_walk import Density, sample_ensemble

Map = Callable[[np.ndarray], np.ndarray]


def in_coordinates(density: Density, theta: Map, log_jacobian: Map) -> Density:
    """Return a density over theta as one over other coordinates.

    Args:
        theta: the theta of points in these coordinates, shape (N, 5).
        log_jacobian: ln |d coordinates / d theta|, shape (N,), of theta.
    """

    def log_prob(points: np.ndarray) -> np.ndarray:
        there = theta(points)
        with np.errstate(invalid="ignore"):  # outside the prior
            value = density(there) - log_jacobian(there)
        return np.where(np.isnan(value), -np.inf, value)

    return log_prob


def long_and_short_walks(
    density: Density, starts: Sequence[np.ndarray], theta: Map, settings: ProspectorChainSettings
) -> tuple[np.ndarray, np.ndarray]:
    """Return quantiles of theta of a long walk, shape (quantiles, 5), and of short ones, (repeats, quantiles, 5).

    Args:
        density: over the coordinates in which walkers move.
        starts: of the walkers of each short walk, the first for the long walk too.
        theta: of the coordinates.
    """
    long = sample_ensemble(
        density, starts[0], settings.reference_burn_in, settings.reference_steps, settings.seed, settings.thin
    )
    short = [
        sample_ensemble(density, start, settings.burn_in, settings.steps, settings.seed + number)
        for number, start in enumerate(progress(starts, desc="Walks on the exact simulator", unit="walk"))
    ]
    of_long, *of_short = (np.quantile(theta(chain.flat), QUANTILES, axis=0) for chain in (long, *short))
    return of_long, np.stack(of_short)


def scatter_of_short_walks(long: np.ndarray, short: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how far half-widths, as ratios, and medians, in half-widths, lie from the long walk's: rms, shape (5,).

    Args:
        long, short: quantiles as of long_and_short_walks.
    """
    ratio, shift = ratio_and_shift(short, np.broadcast_to(long, short.shape))
    return np.sqrt(((ratio - 1) ** 2).mean(0)), np.sqrt((shift**2).mean(0))
