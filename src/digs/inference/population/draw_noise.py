r"""The noise of populations that is due to few draws of the galaxies, in their errors or refused.

The likelihood of a population is a product of sums over draws (digs.inference.population.interim_draws). With the
shares v_is of the sum of galaxy i, n_i = 1 / \sum_s v_is^2 of its draws are effective. The logarithm of the sum is too
low by 1 / 2 n_i on average, which matters as it depends on \phi: densities of populations add it. The noise that is
left moves \phi by the covariance

    C V C,   V = \sum_i \sum_s v_is^2 (g_is - g_i) (g_is - g_i)^T,

where C is the covariance of \phi, g_is the gradient of ln p(x_is | \phi), and g_i its mean with weights v_is.
"""

from dataclasses import dataclass

import numpy as np

from digs.base.errors import DigsError
from digs.base.inputs import named

EFFECTIVE = 10.0  # draws of a galaxy, the fewest from which its own noise can be told
_LARGEST = 1.0  # of the ratio


@dataclass(frozen=True)
class DrawNoise:
    """What few draws do to a population.

    effective: draws of each galaxy, n_i, shape (N,).
    scores: V, shape (k, k).
    """

    effective: np.ndarray
    scores: np.ndarray

    def ratio(self, covariance: np.ndarray) -> float:
        """Return the noise by the error without it, in the direction in which it is largest."""
        return float(np.sqrt(np.linalg.eigvals(covariance @ self.scores).real.max()))

    def check(self, covariance: np.ndarray, rows: np.ndarray, least: float) -> None:
        """Refuse a population of too few draws.

        Args:
            covariance: of phi, shape (k, k).
            rows: of the galaxies in their catalogue, shape (N,).
            least: the fewest effective draws of a galaxy.
        Raises:
            DigsError: galaxies have fewer, or the noise is larger than the error without it.
        """
        few = self.effective < least
        if few.any():
            raise DigsError(
                f"Under the population found, {named(rows[few])} would have fewer than {least:g} effective draws, down "
                f"to {self.effective.min():.1f}; make more draws of them, or leave them out and say so."
            )
        if (ratio := self.ratio(covariance)) > _LARGEST:
            raise DigsError(
                f"The noise of few draws is {ratio:.1f} times the error of the population; make more of each galaxy."
            )

    def added(self, phi: np.ndarray, covariance: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Return draws of phi, (n, k), that have the noise, too."""
        extra = covariance @ self.scores @ covariance
        strength, axes = np.linalg.eigh((extra + extra.T) / 2)
        return phi + (random.normal(size=phi.shape) * np.sqrt(strength.clip(min=0))) @ axes.T
