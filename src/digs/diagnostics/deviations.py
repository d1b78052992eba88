"""How far truths lie from the posteriors of their galaxies, and what that says of any group of galaxies."""

from dataclasses import dataclass

import numpy as np

from digs.base.errors import DigsError
from digs.base.statistics import NAMED_LEVELS
from digs.diagnostics.ranks import named_coverage, probability_integral

SUMMARIES = ("bias", "z_mean", "z_spread", *NAMED_LEVELS)


LEAST = 20  # galaxies that say anything


@dataclass(frozen=True)
class Deviations:
    """Deviations of one set of truths from posteriors, each of shape (galaxies, parameters).

    residual: mean less truth, as the mean, unlike the median, has no bias where the posterior is exact. z: the same in
    standard deviations. rank: of the truth, out of so many draws.
    """

    residual: np.ndarray
    z: np.ndarray
    rank: np.ndarray
    draws: int

    @property
    def probability(self) -> np.ndarray:
        """Return the ranks as cumulative probabilities, shape (galaxies, parameters)."""
        return probability_integral(self.rank, self.draws)

    def summaries(self, rows: np.ndarray) -> np.ndarray:
        """Return SUMMARIES of some galaxies, shape (summaries, parameters)."""
        inside = named_coverage(self.rank[rows], self.draws).values()
        return np.stack([self.residual[rows].mean(0), self.z[rows].mean(0), self.z[rows].std(0), *inside])

    def summaries_and_errors(self, rows: np.ndarray, resampled: int, seed: int) -> np.ndarray:
        """Return the same with standard errors from resampling galaxies, shape (2, summaries, parameters).

        Raises:
            DigsError: fewer than LEAST galaxies.
        """
        if len(rows) < LEAST:
            raise DigsError(
                f"A subset has {len(rows)} galaxies, fewer than {LEAST}; raise validation.spectra or move the ends of "
                "validation.subsets in params.yaml."
            )
        random = np.random.default_rng(seed)
        again = [self.summaries(random.choice(rows, len(rows))) for _ in range(resampled)]
        return np.stack([self.summaries(rows), np.std(again, 0)])
