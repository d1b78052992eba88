"""Draws of a density that is nearly normal, by elliptical slice sampling (Murray, Adams & MacKay 2010, AISTATS).

Each step goes to a place on an ellipse through the last draw and a draw of the normal distribution: where the ratio of
the density to the normal one is not below a random level. There is nothing to be tuned.
"""

import numpy as np

from digs.exact.emcee_walk import Density

_BURN_IN = 30  # draws


def elliptical_slices(
    log_density: Density, mean: np.ndarray, factor: np.ndarray, number: int, thin: int, random: np.random.Generator
) -> np.ndarray:
    """Return draws, shape (number, k), along a walk from the mean.

    Args:
        log_density: of coordinates (n, k), up to a constant, (n,).
        mean, factor: of the normal distribution, (k,) and (k, k): its covariance is factor @ factor.T.
        number: of draws.
        thin: steps for each draw.
        random: where all random numbers come from.

    Example:
        >>> import numpy as np
        >>> from digs.inference.population.elliptical_slices import elliptical_slices
        >>> wide = lambda places: -((places - 0.5) ** 2).sum(1) / 2 / 1.2**2
        >>> draws = elliptical_slices(wide, np.zeros(1), np.eye(1), 4000, 2, np.random.default_rng(1))
        >>> bool(abs(draws.mean() - 0.5) < 0.1), bool(abs(draws.std() - 1.2) < 0.1)
        (True, True)
    """
    inverse = np.linalg.inv(factor)
    ratio = lambda off: log_density((mean + off)[None])[0] + ((inverse @ off) ** 2).sum() / 2
    place = np.zeros(len(mean))
    height = ratio(place)
    kept = np.empty((number, len(mean)))
    for step in range(-_BURN_IN * thin, number * thin):
        other, level = factor @ random.normal(size=len(mean)), height + np.log(random.random())
        angle = random.uniform(0, 2 * np.pi)
        low, high = angle - 2 * np.pi, angle
        while (height := ratio(trial := place * np.cos(angle) + other * np.sin(angle))) < level:
            low, high = (angle, high) if angle < 0 else (low, angle)
            angle = random.uniform(low, high)
        place = trial
        if step >= 0 and step % thin == thin - 1:
            kept[step // thin] = mean + place
    return kept
