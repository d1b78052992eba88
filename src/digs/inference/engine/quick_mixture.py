"""Mixtures of Student-t distributions by compiled code: those of digs.exact.student_mixture, for a galaxy's few draws.

Of some thousand points most of the time goes into calls rather than numbers, so that each step is one loop over points.
"""

from typing import Self

import numpy as np

from digs.base.compilation import compiled_strictly
from digs.exact.student_mixture import StudentMixture

_TINY = 1e-9  # the least share of a component


@compiled_strictly
def _fill_distances(points, centre, inverse, found):
    """Fill in D of each component, (K, n); inverse: of the factors, which are lower triangles, (K, d, d)."""
    dimensions = points.shape[1]
    away = np.empty(dimensions)
    for k in range(len(centre)):
        for i in range(len(points)):
            for column in range(dimensions):
                away[column] = points[i, column] - centre[k, column]
            total = 0.0
            for row in range(dimensions):
                pull = 0.0
                for column in range(row + 1):
                    pull += inverse[k, row, column] * away[column]
                total += pull * pull
            found[k, i] = total


class QuickMixture(StudentMixture):
    """The same mixture; see StudentMixture.

    Example:
        >>> import numpy as np
        >>> from digs.inference.engine.quick_mixture import QuickMixture
        >>> random = np.random.default_rng(1)
        >>> points = random.standard_normal((500, 2))
        >>> mixture = QuickMixture.fitted(points, np.ones(500), components=2, degrees=8, random=random)
        >>> mixture.log_prob(points).shape
        (500,)
    """

    def log_prob(self, points: np.ndarray) -> np.ndarray:
        """Return ln of the density at points, (n, d), shape (n,)."""
        return self._at(points)[0]

    def beside(self, other: StudentMixture, share: float) -> Self:
        """Return this mixture with another beside it, which has such a share of both."""
        return type(self)(**vars(super().beside(other, share)))

    def _improved(self, points: np.ndarray, weight: np.ndarray, guess: np.ndarray) -> Self:
        """The mixture after one step of expectation and maximisation, as of StudentMixture."""
        dimensions = points.shape[1]
        _, distance, share = self._at(points)
        rho = weight * share
        alive = rho.sum(1) > _TINY
        rho, distance = rho[alive], distance[alive]
        total = rho.sum(1)
        scaled = rho * (self.degrees + dimensions) / (self.degrees + distance)
        centre = scaled @ points / scaled.sum(1, keepdims=True)
        away = points - centre[:, None]
        sigma = (scaled[:, :, None] * away).mT @ away / total[:, None, None]
        count, held = (total**2 / np.square(rho).sum(1))[:, None, None], dimensions + 2
        factor = np.linalg.cholesky((count * sigma + held * guess) / (count + held))
        return type(self)(total / total.sum(), centre, factor, self.degrees)

    def _at(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Ln of the density at points, (n,), D, and the shares of components, (K, n) each."""
        distance = self._distances(points)
        log_density = self._log_densities(distance)
        most = log_density.max(0)
        density = np.exp(log_density - most)
        total = density.sum(0)
        return most + np.log(total), distance, density / total

    def _distances(self, points: np.ndarray) -> np.ndarray:
        """D of each component, shape (K, n)."""
        found = np.empty((len(self.share), len(points)))
        _fill_distances(np.ascontiguousarray(points), self.centre, np.linalg.inv(self.factor), found)
        return found
