"""Two samples of each posterior, an entry's and the reference's, and what is the same if they are exchanged.

If an entry is exact, its draws and those of the reference are all independent draws of one posterior: it makes no
difference which are whose. Whatever the tests scale by is therefore made of both together.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from digs.base.random_streams import stream
from digs.base.statistics import QUANTILES

MOST = 500  # draws of each that are compared


LEAST_WIDTH = 1e-3  # in units of the exact one, which widths count as at least


LARGEST_SHIFT = 1e3  # in half-widths


_RIDGE = 1e-6  # added to the variances of normal scores, which are about 1


_LOW, _MEDIAN, _HIGH = (QUANTILES.index(each) for each in (0.16, 0.5, 0.84))


def quantiles_of(draws: np.ndarray) -> np.ndarray:
    """Return QUANTILES of draws, (N, m, 5), shape (N, quantiles, 5)."""
    return np.moveaxis(np.quantile(draws, QUANTILES, axis=1), 0, 1)


@dataclass(frozen=True)
class Widths:
    """Medians and widths of posteriors, (N, 5) each, none of which is 0.

    half: half the distance of the 16th and 84th percentile; outer: that of the 2.5th and 97.5th.
    """

    median: np.ndarray
    half: np.ndarray
    outer: np.ndarray

    @classmethod
    def of(cls, quantiles: np.ndarray, least: np.ndarray | None = None) -> "Widths":
        """Return them from QUANTILES, (N, quantiles, 5).

        Args:
            least: the smallest width that is told from none, (N, 5).
        """
        least = np.float64(np.finfo(float).tiny) if least is None else least
        half, outer = quantiles[:, _HIGH] - quantiles[:, _LOW], quantiles[:, -1] - quantiles[:, 0]
        return cls(quantiles[:, _MEDIAN], np.maximum(half / 2, least), np.maximum(outer / 2, least))

    def shift(self, other: "Widths", scale: np.ndarray) -> np.ndarray:
        """Return how far these medians lie above others, in a scale, (N, 5)."""
        return np.clip((self.median - other.median) / scale, -LARGEST_SHIFT, LARGEST_SHIFT)

    @property
    def log_tails(self) -> np.ndarray:
        """Return ln of how many times as wide as the 68% interval the 95% interval is, (N, 5)."""
        return np.log(self.outer / self.half)


@dataclass(frozen=True)
class SamplePairs:
    """As many draws of an entry as of the references, shape (N, m, 5) each.

    exact: medians and widths of the exact posteriors. chosen: which of the entry's draws these are, (m,).
    """

    entry: np.ndarray
    reference: np.ndarray
    exact: Widths
    chosen: np.ndarray

    @classmethod
    def of(cls, draws: np.ndarray, reference: np.ndarray, quantiles: np.ndarray, seed: int) -> "SamplePairs":
        """Choose draws of both at random, MOST of each galaxy at most.

        Args:
            draws, reference: of the entry and of the references, (N, any number, 5) each.
            quantiles: QUANTILES of the exact posteriors, (N, quantiles, 5).
        """
        number = min(draws.shape[1], reference.shape[1], MOST)
        random = stream(seed, "draws that are compared")
        chosen, other = (random.permutation(each.shape[1])[:number] for each in (draws, reference))
        samples = draws[:, chosen].astype(np.float64), reference[:, other].astype(np.float64)
        return cls(*samples, Widths.of(quantiles), chosen)

    @property
    def least(self) -> np.ndarray:
        """Return the smallest width that is told from none, (N, 5)."""
        return LEAST_WIDTH * self.exact.half

    @cached_property
    def widths(self) -> tuple[Widths, Widths]:
        """Return those of the entry's and of the reference's sample."""
        return tuple(Widths.of(quantiles_of(each), self.least) for each in (self.entry, self.reference))

    @cached_property
    def both(self) -> np.ndarray:
        """Return all draws of each galaxy, the entry's first, (N, 2 m, 5)."""
        return np.concatenate([self.entry, self.reference], 1)

    @cached_property
    def pooled_half_width(self) -> np.ndarray:
        """Return the half-widths of all draws together, (N, 5)."""
        return Widths.of(quantiles_of(self.both), self.least).half

    @cached_property
    def normal_scores(self) -> np.ndarray:
        """Return the ranks of all draws, by parameter, as quantiles of a normal distribution, (N, 2 m, 5), mean 0.

        Draws that are equal have their mean rank, so that exchanged samples have the same scores.
        """
        scores = ndtri(rankdata(self.both, axis=1) / (self.both.shape[1] + 1))
        return scores - scores.mean(1, keepdims=True)

    def white_scores(self, rows: slice) -> np.ndarray:
        """Return normal scores that are uncorrelated and of variance 1 over all draws of a galaxy, (rows, 2 m, 5)."""
        return whitened(self.normal_scores[rows])

    def blocks(self, draws_at_once: int = 50_000) -> Iterator[slice]:
        """Yield rows of galaxies, few enough at a time for what is made of their draws to stay small."""
        size = max(1, draws_at_once // self.both.shape[1])
        return (slice(first, first + size) for first in range(0, len(self.both), size))


def whitened(values: np.ndarray) -> np.ndarray:
    """Return values of mean 0, (N, n, k), turned into uncorrelated ones of variance 1; directions without any stay 0.

    The first is the first of the values, the second what the first does not say of the second, and so on, so that they
    mean the same of all galaxies.
    """
    size = values.shape[2]
    covariance = values.swapaxes(1, 2) @ values / values.shape[1]
    scale = np.sqrt(np.einsum("nkk->nk", covariance))
    scale = np.where(scale > 0, scale, 1.0)
    correlation = covariance / (scale[:, :, None] * scale[:, None]) + _RIDGE * np.eye(size)
    inside = np.linalg.inv(np.linalg.cholesky(correlation))
    return (values / scale[:, None]) @ inside.swapaxes(1, 2)
