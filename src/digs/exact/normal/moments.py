"""Mean and covariance of the coefficients of the prior's galaxies, and the spectrum that they make likely."""

from dataclasses import dataclass

import numpy as np

from digs.base.random_streams import generator
from digs.physics.linear.spectrum_coefficients import SpectrumCoefficients
from digs.physics.linear.wide_prior import WidePrior

_GALAXIES = 4096


_SEED = 1  # of the galaxies of the prior


_LEAST = 1e-9  # of the largest variance: what is left out


_ROUNDS = 3


_WEAK = 0.02  # of the brightest line of a galaxy: lines that are fainter in nearly all galaxies are weak


_NEARLY_ALL = 0.99


@dataclass(frozen=True)
class CoefficientMoments:
    """Of the amounts of shapes and all lines, in galaxies whose amounts of shapes have the norm 1.

    shapes: how many there are.
    mean: shape (shapes + lines,).
    factor: whose product with its transpose is the covariance, shape (shapes + lines, n).
    luminosity: of the lines, galaxy by galaxy, shape (galaxies, lines).
    """

    shapes: int
    mean: np.ndarray
    factor: np.ndarray
    luminosity: np.ndarray

    @classmethod
    def of(cls, coefficients: SpectrumCoefficients, prior: WidePrior | None = None) -> "CoefficientMoments":
        """Return the moments over a prior, by default that of digs.physics.linear.wide_prior.

        Args:
            coefficients: with all lines.
        """
        prior = WidePrior(coefficients.names) if prior is None else prior
        amounts = coefficients(prior.sample(_GALAXIES, generator(_SEED, "galaxies"))).numpy()
        shapes = coefficients.shapes
        amounts /= np.linalg.norm(amounts[:, :shapes], axis=1, keepdims=True)
        mean = amounts.mean(0)
        deviation = amounts.std(0)
        variance, vectors = np.linalg.eigh(np.corrcoef(amounts, rowvar=False))
        kept = variance > _LEAST * variance[-1]
        return cls(shapes, mean, deviation[:, None] * vectors[:, kept] * np.sqrt(variance[kept]), amounts[:, shapes:])

    def strong(self, lines: np.ndarray) -> np.ndarray:
        """Return which of these lines are not weak, shape (lines,)."""
        own = self.luminosity[:, lines]
        ratio = own / own.max(1, keepdims=True, initial=1e-300)
        return np.quantile(ratio, _NEARLY_ALL, axis=0) > _WEAK

    def likely(self, square: np.ndarray, inner: np.ndarray, lines: np.ndarray) -> np.ndarray:
        """Return the coefficients of the likeliest spectrum where these moments are those of a normal prior.

        A Wiener filter, whose scale is that of the last round.

        Args:
            square, inner: A^T C^{-1} A, shape (n, n), and A^T C^{-1} d, (n,).
            lines: which of all lines come after the shapes.
        """
        rows = np.append(np.arange(self.shapes), self.shapes + lines)
        mean, factor = self.mean[rows], self.factor[rows]
        precision = float(mean @ square @ mean)
        scale = max(float(mean @ inner) / precision, precision**-0.5)
        curvature, identity = factor.T @ square @ factor, np.eye(factor.shape[1])
        found = scale * mean
        for _ in range(_ROUNDS):
            right = scale * (factor.T @ (inner - scale * (square @ mean)))
            found = scale * (mean + factor @ np.linalg.solve(identity + scale**2 * curvature, right))
            scale = float(np.linalg.norm(found[: self.shapes]))
        return found
