r"""The posterior of a smooth histogram: ln of the probabilities of its cells, h, of which any level may be taken off.

    \ln p(h) = \sum_i [ \ln A_i + \frac{1}{2} \sum_b q_ib f_b^2 / A_i^2 - \ln \sum_b D_ib f_b ] - \frac{1}{2} h^T K h,
    f_b = e^{h_b},   A_i = \sum_b c_ib f_b,

with the sums c of weights and q of their squares that the draws of galaxy i have in cell b, the probability D that a
galaxy of that cell is in the catalogue, which differs between kinds of galaxies where their priors end elsewhere, and
the precision K of the prior, to which that of digs.inference.population.flat_widths is added. The
second term is that of digs.inference.population.draw_noise.
"""

from functools import cached_property

import numpy as np

from digs.inference.population.cell_grid import CellGrid
from digs.inference.population.draw_noise import DrawNoise
from digs.inference.population.flat_widths import log_flat_widths, slope_of_flat_widths

_STEPS, _ENOUGH = 200, 1e-6  # of the search for the mode, and the last gain, in nat
_STEP = 1e-4  # of h, for the curvature
_DAMPING = 1e-3  # of its steps, by the number of galaxies


class SmoothHistogram:
    """The density of h, its mode, and the normal approximation there.

    Args:
        grid: the cells.
        first, second: c and q, shape (N, cells).
        detected: D of each kind of galaxies, shape (kinds, cells).
        counts: of the galaxies of each kind, shape (kinds,).
        precision: K, shape (cells, cells).
        start: of the search for the mode, shape (cells,).
    """

    def __init__(
        self,
        grid: CellGrid,
        first: np.ndarray,
        second: np.ndarray,
        detected: np.ndarray,
        counts: np.ndarray,
        precision: np.ndarray,
        start: np.ndarray,
    ):
        self.grid = grid
        self.first, self.second, self.precision = first, second, precision
        self.detected, self.counts = detected, counts
        self.mode = self._search(start)

    def log_density(self, h: np.ndarray) -> np.ndarray:
        """Return ln of the posterior density, up to a constant, shape (n,), of h, (n, cells)."""
        f = softmax(h)
        sums = f @ self.first.T
        with np.errstate(divide="ignore", invalid="ignore"):
            galaxies = (np.log(sums) + (f**2 @ self.second.T) / sums**2 / 2).sum(1)
            found = galaxies - np.log(f @ self.detected.T) @ self.counts
            found += log_flat_widths(self.grid, f) - ((h @ self.precision) * h).sum(1) / 2
        return np.where(np.isnan(found), -np.inf, found)

    def _shares(self, h: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of the sums, and their squares by draws, (N, cells), by cell, and of what is detected, of all, (cells,)."""
        f = softmax(h[None])[0]
        sums = self.first @ f
        return (
            self.first * f / sums[:, None],
            self.second * (f / sums[:, None]) ** 2,
            (self.counts / (self.detected @ f)) @ self.detected * f,
        )

    def _slope(self, h: np.ndarray) -> np.ndarray:
        """The gradient of log_density at h, (cells,)."""
        share, squares, seen = self._shares(h)
        of_data = (share + squares - share * squares.sum(1, keepdims=True)).sum(0) - seen
        return of_data + slope_of_flat_widths(self.grid, softmax(h[None])[0]) - self.precision @ h

    def _search(self, h: np.ndarray) -> np.ndarray:
        """The mode, by Newton's steps with a curvature that is never negative."""
        damping, height = _DAMPING * len(self.first), self.log_density(h[None])[0]
        for _ in range(_STEPS):
            share, slope = self._shares(h)[0], self._slope(h)
            apart = share - share.mean(0)
            step = np.linalg.solve(apart.T @ apart + self.precision + damping * np.eye(len(h)), slope)
            length = 1.0
            while (higher := self.log_density((h + length * step)[None])[0]) < height and length > 1e-6:
                length /= 2
            gain, h, height = higher - height, h + length * step, max(higher, height)
            damping = damping / 4 if length == 1 else damping * 4
            if gain < _ENOUGH:
                break
        return h - h.mean()

    @cached_property
    def covariance(self) -> np.ndarray:
        """Return the covariance of h in the normal approximation, shape (cells, cells)."""
        return self.factor @ self.factor.T

    @cached_property
    def factor(self) -> np.ndarray:
        """Return a square root of the covariance, shape (cells, cells)."""
        strength, axes = self._curvature
        return axes / np.sqrt(strength)

    @cached_property
    def _curvature(self) -> tuple[np.ndarray, np.ndarray]:
        steps = _STEP * np.eye(len(self.mode))
        change = [(self._slope(self.mode - step) - self._slope(self.mode + step)) / (2 * _STEP) for step in steps]
        strength, axes = np.linalg.eigh((np.array(change) + np.transpose(change)) / 2)
        floor = np.linalg.eigvalsh(self.precision)[0].clip(1e-12)
        return strength.clip(min=floor), axes

    @property
    def log_evidence(self) -> float:
        """Return ln of the evidence in the normal approximation, up to a constant that any precision has."""
        of_prior = np.linalg.slogdet(self.precision)[1]
        return float(self.log_density(self.mode[None])[0] + of_prior / 2 - np.log(self._curvature[0]).sum() / 2)

    @cached_property
    def noise(self) -> DrawNoise:
        """Return the noise of few draws at the mode."""
        share, squares, _ = self._shares(self.mode)
        total = squares.sum(1)
        mixed = squares.T @ share
        scores = np.diag(squares.sum(0)) - mixed - mixed.T + (share * total[:, None]).T @ share
        return DrawNoise(1 / total, scores)


def softmax(h: np.ndarray) -> np.ndarray:
    """Return probabilities, (n, cells), of which h are the logarithms but for a level."""
    f = np.exp(h - h.max(1, keepdims=True))
    return f / f.sum(1, keepdims=True)
