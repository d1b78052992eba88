"""A toy with a known answer for digs.diagnostics.jitter_law: parameters and data that are jointly normal.

theta has d independent standard normal components, and x = theta + s n with standard normal n. The exact posterior is
normal with the variance v = s^2 / (1 + s^2) in each, and the mean x (1 - v). Whatever the labels t are, the best linear
estimate of t from x leaves a variance that any posterior of t given x must have on average, or more: what a normal
network learns.
"""

import numpy as np
from scipy.spatial import KDTree

from digs.base.random_streams import stream


def exact_std(noise: float) -> float:
    """Return the standard deviation of the exact posterior."""
    return noise / (1 + noise**2) ** 0.5


def std_left(label: np.ndarray, data: np.ndarray) -> float:
    """Return the standard deviation of labels, (P, d), about their best linear estimate from data, over all of d."""
    with_constant = np.concatenate([data, np.ones((len(data), 1))], 1)
    solution = np.linalg.lstsq(with_constant, label, rcond=None)[0]
    return float(np.sqrt(np.mean((label - with_constant @ solution) ** 2)))


def toy(members: int | None, jitter: float, dimensions: int, noise: float, pairs: int, seed: int) -> dict[str, float]:
    """Return how wide posteriors become by simulation, and by the law.

    Args:
        members: of a library, the nearest of which each label gets its data from; None for labels that are jittered
            independently.
        jitter: standard deviation of that independent jitter.
    Returns:
        the jitter's standard deviation, and the ratio of widths to the exact one, measured and predicted.
    """
    random = stream(seed, f"toy {members} {jitter}")
    if members is None:
        own = random.standard_normal((pairs, dimensions))
        label = own + jitter * random.standard_normal(own.shape)
    else:
        library, label = random.standard_normal((members, dimensions)), random.standard_normal((pairs, dimensions))
        own = library[KDTree(library).query(label)[1]]
    data = own + noise * random.standard_normal(own.shape)
    exact, spread = exact_std(noise), float(np.sqrt(np.mean((label - own) ** 2)))
    return {
        "jitter": spread,
        "measured": std_left(label, data) / exact,
        "predicted": float(np.hypot(exact, spread)) / exact,
    }
