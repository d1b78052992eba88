r"""Where the prior of each galaxy ends, and how much of a population is inside.

A galaxy is no older than the universe at its redshift, so that one end is a galaxy's own. A population is cut off
there: a galaxy comes from p(x | \phi) / \alpha_i(\phi), where \alpha_i is the share of the population inside its ends.
Of a normal distribution that is the mean over the columns before the last of the probability of the last, each column
cut off given those before (Genz 1992, J. Comput. Graph. Stat. 1, 141), which is smooth in \phi.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtr, ndtri
from scipy.stats import qmc

_POINTS = 256  # of the columns before the last
_AT_ONCE = 500_000  # numbers
_TINY = 1e-16  # a probability


@dataclass(frozen=True)
class PriorEnds:
    """The box of each galaxy's prior, in d parameters.

    low: shape (d,), the same for all.
    high: shape (N, d), of which one column at most differs between galaxies.

    Example:
        >>> import numpy as np
        >>> from digs.inference.population.prior_ends import PriorEnds
        >>> ends = PriorEnds(np.array([-10.0]), np.array([[0.0], [10.0]]))
        >>> ends.shares(np.zeros((1, 1)), np.ones((1, 1, 1))).round(3).tolist()
        [[0.5, 1.0]]
    """

    low: np.ndarray
    high: np.ndarray

    @cached_property
    def kinds(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the different upper ends, shape (kinds, d), and how many galaxies have each, (kinds,)."""
        return np.unique(self.high, axis=0, return_counts=True)

    def scaled(self, center: np.ndarray, scale: np.ndarray) -> "PriorEnds":
        """Return the ends of (x - center) / scale."""
        return PriorEnds((self.low - center) / scale, (self.high - center) / scale)

    def cells(self, edges: tuple[np.ndarray, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Return which share of each cell of a histogram is inside, (kinds, cells), and the galaxies of a kind.

        Ends beyond the edges are alike here.
        """
        most = [each[-1] for each in edges]
        kinds, counts = PriorEnds(self.low, self.high.clip(max=most)).kinds
        inside = np.ones((len(kinds), 1))
        for axis, each in enumerate(edges):
            upper = np.minimum(each[1:], kinds[:, axis, None])
            part = (upper - np.maximum(each[:-1], self.low[axis])).clip(min=0) / np.diff(each)
            inside = (inside[:, :, None] * part[:, None]).reshape(len(kinds), -1)
        return inside, counts

    def shares(self, mean: np.ndarray, covariance: np.ndarray) -> np.ndarray:
        """Return the share of normal distributions inside the ends of each kind, shape (n, kinds).

        Args:
            mean: shape (n, d).
            covariance: shape (n, d, d).
        """
        high, _ = self.kinds
        order = np.argsort(np.ptp(high, axis=0) > 0, kind="stable")  # the column with ends of its own comes last
        low, high = self.low[order], high[:, order]
        mean, factor = mean[:, order], np.linalg.cholesky(covariance[:, order][:, :, order])
        points = self._points
        step = max(1, _AT_ONCE // len(points))
        return np.concatenate(
            [_shares(low, high, *each, points) for each in zip(*(_parts(x, step) for x in (mean, factor)), strict=True)]
        )

    def log_share(self, mean: np.ndarray, covariance: np.ndarray) -> np.ndarray:
        """Return the sum over the galaxies of ln of the share inside, shape (n,)."""
        return np.log(self.shares(mean, covariance).clip(min=1e-300)) @ self.kinds[1]

    @cached_property
    def _points(self) -> np.ndarray:
        """Of the unit cube of the columns before the last, shape (points, d - 1)."""
        d = len(self.low)
        return qmc.Sobol(d - 1, scramble=True, rng=0).random(_POINTS) if d > 1 else np.empty((1, 0))


def _parts(values: np.ndarray, step: int) -> list[np.ndarray]:
    return np.array_split(values, range(step, len(values), step))


def _shares(low: np.ndarray, high: np.ndarray, mean: np.ndarray, factor: np.ndarray, points: np.ndarray) -> np.ndarray:
    """As of PriorEnds.shares, of Cholesky factors, the last column being the one with ends of its own."""
    d = len(low)
    weight, z = np.ones((len(mean), len(points))), np.zeros((len(mean), len(points), d))
    for i in range(d - 1):
        before, width = mean[:, None, i] + (z * factor[:, None, i]).sum(2), factor[:, i, i, None]
        first, last = ndtr((low[i] - before) / width), ndtr((high[0, i] - before) / width)
        weight *= last - first
        z[..., i] = ndtri((first + points[:, i] * (last - first)).clip(_TINY, 1 - _TINY))
    before, width = mean[:, None, -1] + (z * factor[:, None, -1]).sum(2), factor[:, -1, -1, None]
    lowest = ndtr((low[-1] - before) / width)
    return np.stack([(weight * (ndtr((end - before) / width) - lowest)).mean(1) for end in high[:, -1]], 1)
