"""Means, widths and correlations of populations, with their errors."""

from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from digs.base.statistics import value_and_error


@dataclass(frozen=True)
class PopulationMoments:
    """Draws of the posterior of a population's moments.

    names: of the d parameters.
    mean: shape (draws, d).
    covariance: shape (draws, d, d).
    effective: how many draws of each galaxy are effective under the population, shape (N,).
    noise: that of few draws of the galaxies by the error without it, in the direction in which it is largest; it is in
        the errors.
    rows: of the galaxies that were used, in their catalogue, shape (N,).
    inside: the share of the population inside the ends of the galaxies' priors, in the mean over galaxies; the rest is
        extrapolated.
    """

    names: tuple[str, ...]
    mean: np.ndarray
    covariance: np.ndarray
    effective: np.ndarray
    noise: float
    rows: np.ndarray
    inside: float = field(default=1.0, kw_only=True)

    @property
    def width(self) -> np.ndarray:
        """Return the standard deviations of the population, shape (draws, d)."""
        return np.sqrt(np.diagonal(self.covariance, axis1=1, axis2=2))

    @property
    def correlation(self) -> np.ndarray:
        """Return the correlations of the population, shape (draws, d, d)."""
        return self.covariance / (self.width[:, :, None] * self.width[:, None])

    def summary(self) -> dict[str, dict[str, float]]:
        """Return mean and standard deviation of every moment, for instance by "width of tage"."""
        columns = {f"mean of {name}": self.mean[:, place] for place, name in enumerate(self.names)}
        columns |= {f"width of {name}": self.width[:, place] for place, name in enumerate(self.names)}
        for one, two in combinations(range(len(self.names)), 2):
            columns[f"correlation of {self.names[one]} and {self.names[two]}"] = self.correlation[:, one, two]
        return {name: value_and_error(values.mean(), values.std()) for name, values in columns.items()}
