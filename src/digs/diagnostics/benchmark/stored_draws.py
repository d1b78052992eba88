"""Draws as whole steps along axes on which they are uncorrelated: a few bits each, however thin a posterior is.

A step is 1/STEPS of the standard deviation along its axis, and rounding adds 1/12 of a step squared to the variance,
8e-5 of it. Steps along the parameters themselves would make ridges thicker that are thin between the parameters.
"""

from itertools import product

import numpy as np

STEPS = 32  # to a standard deviation
_MARGIN = 1e-9  # of the prior's sides, so that draws are inside however they are rounded
_FARTHEST = 2  # steps along each axis to a place inside the prior


def to_steps(draws: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return centre, axes and steps of the draws of one posterior: draws are nearly centre + steps @ axes.

    A draw that rounding would put outside the prior goes to the nearest place inside.

    Args:
        draws: shape (m, d), inside the prior.
        low, high: ends of the prior, (d,) each.
    Returns:
        centre, (d,), float64; axes, (d, d), float32; steps, (m, d), int16.

    Example:
        >>> import numpy as np
        >>> from digs.diagnostics.benchmark.stored_draws import from_steps, to_steps
        >>> draws = np.random.default_rng(1).normal(0.5, 0.01, (500, 2))
        >>> again = from_steps(*(part[None] for part in to_steps(draws, np.zeros(2), np.ones(2))))[0]
        >>> bool(abs(again - draws).max() < 0.01 / 32)
        True
    """
    centre = draws.mean(0)
    variance, directions = np.linalg.eigh(np.cov(draws, rowvar=False))
    width = np.sqrt(variance.clip(min=np.finfo(float).tiny))
    axes = (width[:, None] / STEPS * directions.T).astype(np.float32)
    exact = np.linalg.solve(axes.T.astype(float), (draws - centre).T).T
    steps = np.rint(exact)
    margin = _MARGIN * (high - low)

    def inside(steps: np.ndarray) -> np.ndarray:
        places = centre + steps @ axes.astype(float)
        return ((places >= low + margin) & (places <= high - margin)).all(-1)

    away = np.array(list(product(range(-_FARTHEST, _FARTHEST + 1), repeat=draws.shape[1])))
    for row in np.flatnonzero(~inside(steps)):
        near = steps[row] + away
        near = near[inside(near)]
        if not len(near):
            raise ValueError(f"no place near draw {row} is inside the prior")
        steps[row] = near[np.square(near - exact[row]).sum(1).argmin()]
    if np.abs(steps).max() > np.iinfo(np.int16).max:
        raise ValueError("a draw is more than a thousand standard deviations away")
    return centre, axes, steps.astype(np.int16)


def from_steps(centre: np.ndarray, axes: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Return draws, (N, m, d), float64, of N posteriors as to_steps has each."""
    return centre[:, None] + steps.astype(float) @ axes.astype(float)
