"""Is a posterior what it says? Ranks, coverage and recovery over many galaxies with known truth.

Draws have shape (galaxies, draws, parameters), truths (galaxies, parameters).
"""

import numpy as np
from scipy import stats

from digs.base.statistics import NAMED_LEVELS


def ranks(draws: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return how many draws lie below the truth, shape (galaxies, parameters).

    Uniform on 0 to the number of draws where the posterior is exact and truths come from the prior: simulation-based
    calibration (Talts et al. 2018).
    """
    return (draws < truth[:, None]).sum(1)


def probability_integral(rank: np.ndarray, draws: int) -> np.ndarray:
    """Return ranks as the posterior's cumulative probability at the truth, in (0, 1)."""
    return (rank + 0.5) / (draws + 1)


def rank_counts(rank: np.ndarray, draws: int, bins: int) -> np.ndarray:
    """Return the histogram of ranks in equal bins, shape (parameters, bins)."""
    u = probability_integral(rank, draws)
    return np.stack([np.histogram(column, bins, (0, 1))[0] for column in u.T])


def uniform_count_band(galaxies: int, bins: int, probability: float = 0.95) -> tuple[float, float]:
    """Return the range that one bin's count has with this probability under uniform ranks."""
    low, high = stats.binom.interval(probability, galaxies, 1 / bins)
    return float(low), float(high)


def rank_cdf(rank: np.ndarray, draws: int, levels: np.ndarray) -> np.ndarray:
    """Return the share of galaxies whose normalised rank is below each level, shape (parameters, levels).

    Args:
        rank: how many draws lie below the truth (Talts et al. 2018), shape (galaxies, parameters).
        draws: how many there were.
        levels: from 0 to 1, shape (levels,).

    Example:
        >>> import numpy as np
        >>> from digs.diagnostics import rank_cdf
        >>> rank = np.arange(100)[:, None]  # as uniform as can be
        >>> rank_cdf(rank, draws=99, levels=np.array([0.1, 0.5, 0.9])).tolist()
        [[0.1, 0.5, 0.9]]
    """
    u = probability_integral(rank, draws)
    return (u.T[:, :, None] <= levels).mean(1)


def uniform_cdf_band(galaxies: int, levels: np.ndarray, probability: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Return the range of that share under uniform ranks, level by level: low and high, shape (levels,) each."""
    low, high = stats.binom.interval(probability, galaxies, levels)
    # at level 0 and 1 the share is certain
    low, high = np.where(levels <= 0, 0, low), np.where(levels >= 1, galaxies, high)
    return np.nan_to_num(low, nan=0.0) / galaxies, np.nan_to_num(high, nan=0.0) / galaxies


def coverage(rank: np.ndarray, draws: int, levels: np.ndarray) -> np.ndarray:
    """Return the share of galaxies with the truth in the central interval of each level, shape (parameters, levels).

    Args:
        rank: how many draws lie below the truth, shape (galaxies, parameters).
        draws: how many there were.
        levels: credible levels from 0 to 1, shape (levels,).

    Example:
        >>> import numpy as np
        >>> from digs.diagnostics import coverage
        >>> rank = np.arange(100)[:, None]  # as uniform as can be
        >>> coverage(rank, draws=99, levels=np.array([0.5, 0.9])).tolist()
        [[0.5, 0.9]]
    """
    depth = np.abs(2 * probability_integral(rank, draws) - 1)
    return (depth.T[:, :, None] <= levels).mean(1)


def named_coverage(rank: np.ndarray, draws: int) -> dict[str, np.ndarray]:
    """Return the coverage of NAMED_LEVELS by name, each of shape (parameters,)."""
    shares = coverage(rank, draws, np.array(list(NAMED_LEVELS.values()))).T
    return dict(zip(NAMED_LEVELS, shares, strict=True))


def uniformity_p_value(rank: np.ndarray, draws: int) -> np.ndarray:
    """Return Kolmogorov-Smirnov p-values of uniform ranks, shape (parameters,).

    Args:
        rank: how many draws lie below the truth, shape (galaxies, parameters).
        draws: how many there were.

    Example:
        >>> import numpy as np
        >>> from digs.diagnostics import uniformity_p_value
        >>> rank = np.stack([np.arange(100), np.arange(100) // 2], 1)  # the second parameter is biased
        >>> (uniformity_p_value(rank, draws=99) > 0.01).tolist()
        [True, False]
    """
    return np.array([stats.kstest(column, "uniform").pvalue for column in probability_integral(rank, draws).T])


def recovery(quantiles: np.ndarray, truth: np.ndarray) -> dict[str, np.ndarray]:
    """Return how well medians recover truths, each entry of shape (parameters,).

    Args:
        quantiles: at QUANTILES, shape (galaxies, 5, parameters).
        truth: shape (galaxies, parameters).
    """
    lower, median, upper = quantiles[:, 1], quantiles[:, 2], quantiles[:, 3]
    half_width = (upper - lower) / 2
    residual = median - truth
    correlation = [np.corrcoef(a, b)[0, 1] for a, b in zip(truth.T, median.T, strict=True)]
    return {
        "correlation": np.array(correlation),
        "bias": residual.mean(0),
        "rmse": np.sqrt((residual**2).mean(0)),
        "half_width": np.median(half_width, 0),
        "chi_mean": (residual / half_width).mean(0),
        "chi_std": (residual / half_width).std(0),
    }


def central(truth: np.ndarray, low: np.ndarray, high: np.ndarray, share: float = 0.68) -> np.ndarray:
    """Return whether a truth lies in the central share of its prior range, shape (galaxies, parameters)."""
    unit = (truth - low) / (high - low)
    return np.abs(unit - 0.5) <= share / 2
