"""Are truths where an entry's draws say? Ranks of one parameter, of all together, and of distances to random points.

If an entry is exact, a galaxy's truth is one more draw from its posterior: any of the draws might be the truth. So the
p-values, which come from draws that take the truth's place at random, are exact at any number of galaxies and draws.
What draws are measured by, the reference's mean and covariance and a random point, does not know the truth.
"""

import numpy as np
from scipy.stats import rankdata

from digs.base.random_streams import stream
from digs.base.statistics import NAMED_LEVELS, bootstrap_rows, value_and_error
from digs.config.theta import NAMES
from digs.diagnostics.ranks import probability_integral
from digs.diagnostics.scores.measurements import Measurement, parts_of
from digs.diagnostics.scores.permutations import EXCHANGES, p_value

_RESAMPLED = 100


_RIDGE = 1e-9  # of the reference's variances, along its axes


def probabilities(points: np.ndarray) -> np.ndarray:
    """Return the cumulative probability of each point among all of its galaxy, in (0, 1), of the shape of points.

    Args:
        points: (N, points, columns); those that are equal have their mean rank.
    """
    return probability_integral(rankdata(points, axis=1) - 1, points.shape[1] - 1)


def departure(probability: np.ndarray) -> np.ndarray:
    """Return how far probabilities, (..., N), are from uniform ones, by Anderson and Darling (1954), shape (...).

    It has an expectation of 1 if they are uniform, and weighs the ends as much as the middle.

    Example:
        >>> import numpy as np
        >>> from digs.diagnostics.scores.truth_tests import departure
        >>> even = (np.arange(100) + 0.5) / 100
        >>> bool(departure(even) < 0.1), bool(departure(even**2) > 10)
        (True, True)
    """
    ordered = np.sort(probability, axis=-1)
    galaxies = ordered.shape[-1]
    odd = 2 * np.arange(1, galaxies + 1) - 1
    return -galaxies - (odd * (np.log(ordered) + np.log1p(-ordered[..., ::-1]))).sum(-1) / galaxies


def standardised(points: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return points, (N, points, 5), in coordinates in which the reference's draws have mean 0 and covariance 1."""
    mean = reference.mean(1, keepdims=True)
    scale = np.maximum(reference.std(1, keepdims=True), np.finfo(float).tiny)
    centred = (reference - mean) / scale
    covariance = centred.swapaxes(1, 2) @ centred / reference.shape[1]
    factor = np.linalg.cholesky(covariance + _RIDGE * np.eye(points.shape[2]))
    return ((points - mean) / scale) @ np.linalg.inv(factor).swapaxes(1, 2)


def truth_tests(
    draws: np.ndarray, truth: np.ndarray, reference: np.ndarray, seed: int
) -> tuple[list[Measurement], np.ndarray]:
    """Return tests of the truths' ranks among an entry's draws, and the cumulative probabilities at the truths, (N, 5).

    Args:
        draws: of the entry, (N, m, 5).
        truth: (N, 5).
        reference: other draws, of the exact posteriors, that tell what is far, (N, any number, 5).
    """
    galaxies = len(draws)
    points = np.concatenate([truth[:, None], draws], 1)
    white = standardised(points, reference)
    centre = stream(seed, "points of TARP").standard_normal((galaxies, 1, white.shape[2]))
    depth, distance = (np.linalg.norm(each, axis=2, keepdims=True) for each in (white, white - centre))
    probability = probabilities(np.concatenate([points, depth, distance], 2))
    random = stream(seed, "draws in the place of the truth")
    exchanged = np.empty((1 + EXCHANGES, probability.shape[2]))
    exchanged[0] = departure(probability[:, 0].T)
    for number in range(1, 1 + EXCHANGES):
        chosen = random.integers(points.shape[1], size=galaxies)
        exchanged[number] = departure(probability[np.arange(galaxies), chosen].T)
    at_truth = probability[:, 0]
    error = np.std([departure(at_truth[rows].T) for rows in bootstrap_rows(galaxies, _RESAMPLED, seed)], 0)
    size = len(NAMES)
    worst = int(exchanged[0, :size].argmax())
    marginal = exchanged[:, :size].max(1)
    tests = [
        Measurement(
            "marginal ranks", "departure of the truths' ranks, by parameter, from uniform ones (Anderson-Darling)",
            float(marginal[0]), float(error[worst]), float(marginal[1:].mean()), p_value(marginal),
            where=NAMES[worst], parts=parts_of(NAMES, exchanged[0, :size], error[:size]),
        )
    ]  # fmt: skip
    tests += [
        Measurement(
            name, f"the same of ranks in all parameters at once, by {what}",
            float(exchanged[0, place]), float(error[place]), float(exchanged[1:, place].mean()),
            p_value(exchanged[:, place]),
        )
        for place, (name, what) in enumerate(
            (("joint ranks", "distance to the exact mean"), ("TARP", "distance to a random point")), size
        )
    ]  # fmt: skip
    return [*tests, *_coverage(at_truth[:, :size])], at_truth[:, :size]


def _coverage(probability: np.ndarray) -> list[Measurement]:
    """Measurements of how many truths lie in central intervals."""
    depth = np.abs(2 * probability - 1)
    found = []
    for key, level in NAMED_LEVELS.items():
        inside = (depth <= level).mean(0)
        errors = np.sqrt(inside * (1 - inside) / len(depth))
        worst = int(np.abs(inside - level).argmax())
        found.append(
            Measurement(
                key.replace("_", " ") + "%", f"truths in the central {level:.0%} of the draws",
                **value_and_error(inside[worst], errors[worst]), expected=level, where=NAMES[worst],
                parts=parts_of(NAMES, inside, errors),
            )
        )  # fmt: skip
    return found
