"""The cells of a histogram of a population, and the draws of a catalogue in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from math import factorial, prod, sqrt

import numpy as np

from digs.base.errors import DigsError
from digs.base.inputs import named
from digs.inference.population.interim_draws import InterimDraws, OfPlaces
from digs.inference.population.population_memory import check_cells

_ORDER = 3  # of the differences that are 0 for a normal distribution
_PER_AXIS = 5  # places in a cell at which functions are averaged


@dataclass(frozen=True)
class CellGrid:
    """Cells of equal size.

    names: of the d parameters.
    edges: of the bins of each.
    """

    names: tuple[str, ...]
    edges: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, names: tuple[str, ...], edges: Mapping[str, np.ndarray]) -> "CellGrid":
        """Return the cells between edges of bins, by parameter.

        Raises:
            DigsError: they are of other parameters, or not of four or more bins of equal width.
        """
        if set(names) != set(edges):
            raise DigsError(f"The edges are of {', '.join(edges)}; give edges for each of {', '.join(names)}.")
        ordered = tuple(np.asarray(edges[name], np.float64) for name in names)
        for name, each in zip(names, ordered, strict=True):
            width = np.diff(each)
            if each.ndim != 1 or len(each) < _ORDER + 2 or not width[0] > 0 or not np.allclose(width, width[0]):
                raise DigsError(
                    f"The edges of {name} are not of {_ORDER + 1} or more bins of equal width; use linspace."
                )
        return cls(names, ordered)

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the number of bins of each parameter."""
        return tuple(len(each) - 1 for each in self.edges)

    @property
    def width(self) -> np.ndarray:
        """Return the width of the bins of each parameter, shape (d,)."""
        return np.array([each[1] - each[0] for each in self.edges])

    @property
    def centers(self) -> np.ndarray:
        """Return the centres of all cells, shape (cells, d)."""
        middles = [(each[1:] + each[:-1]) / 2 for each in self.edges]
        return np.stack([axis.ravel() for axis in np.meshgrid(*middles, indexing="ij")], 1)

    def sums(self, draws: InterimDraws) -> tuple[np.ndarray, np.ndarray]:
        """Return the sums of weights, and of their squares, in every cell, shape (N, cells) each.

        The weights of a galaxy are divided by their largest; squares are multiplied by the factor of its noise.

        Raises:
            DigsError: galaxies have no weight in any cell, or there are too many galaxies and cells for the memory.
        """
        cells = prod(self.shape)
        check_cells(len(draws.rows), cells)
        first, second = (np.empty((len(draws.rows), cells)) for _ in range(2))
        for rows in draws.blocks:
            cell, inside = self.places(draws.values[rows])
            log_weight = draws.log_weight[rows].astype(np.float64)
            weight = np.where(inside, np.exp(log_weight - log_weight.max(1, keepdims=True)), 0.0)
            flat = (cell + cells * np.arange(len(cell))[:, None]).ravel()
            for sums, power in ((first, weight), (second, weight**2 * draws.noise_factor[rows, None])):
                sums[rows] = np.bincount(flat, power.ravel(), minlength=len(cell) * cells).reshape(-1, cells)
        if (empty := ~first.any(1)).any():
            raise DigsError(
                f"No draw of {named(draws.rows[empty])} is between the edges; take wider edges, or leave out."
            )
        return first, second

    def places(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the cells of values, (..., d), and whether they are in one, (...) each; the nearest where not."""
        cell, inside = np.zeros(values.shape[:-1], dtype=np.int64), np.ones(values.shape[:-1], dtype=bool)
        for axis, edges in enumerate(self.edges):
            place = np.searchsorted(edges, values[..., axis], side="right") - 1
            inside &= (place >= 0) & (place < self.shape[axis])
            cell = cell * self.shape[axis] + place.clip(0, self.shape[axis] - 1)
        return cell, inside

    def mean_of(self, function: OfPlaces) -> np.ndarray:
        """Return the mean of a function of places, (..., d), in every cell, shape (cells,)."""
        steps = (np.arange(_PER_AXIS) + 0.5) / _PER_AXIS - 0.5
        offsets = np.stack([axis.ravel() for axis in np.meshgrid(*[steps] * len(self.edges), indexing="ij")], 1)
        return function(self.centers[:, None] + offsets * self.width).mean(1)

    def roughness(self) -> np.ndarray:
        r"""Return the matrix of the sum of squares of all third differences, shape (cells, cells).

        Mixed ones count as often as there are orders to take them in, 3! / \prod n_j!. It is 0 for all polynomials of
        second degree in all parameters together.
        """
        total = np.zeros((prod(self.shape),) * 2)
        for orders in product(range(_ORDER + 1), repeat=len(self.shape)):
            if sum(orders) == _ORDER:
                difference = np.eye(1)
                for bins, order in zip(self.shape, orders, strict=True):
                    difference = np.kron(difference, np.diff(np.eye(bins), order, axis=0))
                difference *= sqrt(factorial(_ORDER) / prod(factorial(order) for order in orders))
                total += difference.T @ difference
        return total

    def moments(self, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return means, (n, d), and covariances, (n, d, d), of histograms, (n, cells), flat within the cells."""
        mean = share @ self.centers
        off = self.centers - mean[:, None]
        return mean, np.einsum("nc,nci,ncj->nij", share, off, off) + np.diag(self.width**2 / 12)
