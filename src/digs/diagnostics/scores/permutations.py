"""Tests of an entry against samples of exact posteriors, exact at any number of galaxies and draws.

If an entry is exact, a statistic is as likely to be what it is as what it would be with the samples exchanged
(Romano and Wolf 2005, section 3): its p-value is its rank among those of exchanges at random. There are two kinds.

- Swaps exchange the two samples of whole galaxies, each with probability 1/2. They suit statistics that change their
  sign with it, such as the mean shift of medians, and hold even if the draws within a sample depend on one another.
- Relabellings deal the draws of both samples out anew. They suit what no swap can change, such as the size of the
  largest shift: one bad galaxy of a hundred is as bad with its samples swapped. All draws must be independent.
"""

from collections.abc import Iterator

import numpy as np

from digs.base.random_streams import stream

EXCHANGES = 1999  # at random; the smallest p-value is 1 / 2000


_ROUNDING = 1e-6  # by which equal statistics may differ


def p_value(statistics: np.ndarray) -> float:
    """Return the p-value of the first of statistics, (1 + exchanges,), among all of them: large ones are improbable.

    Example:
        >>> import numpy as np
        >>> from digs.diagnostics.scores.permutations import p_value
        >>> p_value(np.array([3.0, 1.0, 4.0, 2.0]))
        0.5
    """
    least = statistics[0] - _ROUNDING * abs(statistics[0])
    return float((statistics >= least).mean())


def swap_signs(galaxies: int, seed: int) -> np.ndarray:
    """Return 1 where the samples of a galaxy stay, -1 where they are swapped, (1 + EXCHANGES, galaxies); first none."""
    signs = stream(seed, "swaps").integers(0, 2, (1 + EXCHANGES, galaxies)) * 2.0 - 1
    signs[0] = 1
    return signs


def swapped_sums(differences: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """Return sums over galaxies in units of their standard deviation under swaps, (1 + exchanges, columns).

    Args:
        differences: what changes its sign when a galaxy's samples are swapped, (N, columns).
    """
    spread = np.sqrt((differences**2).sum(0))
    return signs @ differences / np.where(spread > 0, spread, 1.0)


def relabellings(draws: int, seed: int) -> np.ndarray:
    """Return 1 for a draw of the entry and -1 for one of the reference, (1 + EXCHANGES, 2 draws); first as they are.

    They are the same for all galaxies, whose draws are in no order.
    """
    labels = np.ones((1 + EXCHANGES, 2 * draws), dtype=np.float32)
    labels[:, draws:] = -1
    stream(seed, "relabellings").permuted(labels[1:], axis=1, out=labels[1:])
    return labels


def relabelled_differences(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return differences of the samples' means, (1 + exchanges, N, columns), of variance 1 under relabellings.

    Args:
        values: of all draws, (N, 2 m, columns), of mean 0 over the draws of a galaxy; columns may be 0.
    """
    galaxies, number, columns = values.shape
    norm = np.sqrt((values**2).sum(1, keepdims=True) * number / (number - 1))
    values = (values / np.where(norm > 0, norm, 1.0)).astype(np.float32)
    return (labels @ values.swapaxes(0, 1).reshape(number, -1)).reshape(len(labels), galaxies, columns)


def halves(galaxies: int, seed: int) -> Iterator[np.ndarray]:
    """Yield the rows of either half of the galaxies, in ascending order."""
    order = stream(seed, "halves").permutation(galaxies)
    return (np.sort(part) for part in np.array_split(order, 2))
