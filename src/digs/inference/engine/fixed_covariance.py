r"""The likelihood with the covariance of one reference galaxy: cheap, and good enough to find the posterior by.

The nuisances of digs.exact.normal scatter by amounts that depend on theta. Here they are those of a reference, so that
the likelihood is quadratic in the amounts g of shapes and lines. Of these only a few combinations y = T g are told by
the data, those along which a normal prior of the moments of g would be narrowed:

    \ln L = M y^T b - M^2 y^T C y / 2 + const,

which at the best mass is (y^T b)^2 / (2 y^T C y). C, b and the constant are interpolated between dispersions.
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.linalg import cholesky, solve_triangular
from torch import Tensor

from digs.exact.normal.moments import CoefficientMoments
from digs.exact.normal.normal_equations import NormalEquations, cubic_shares

_TOLD = 0.03  # of its variance in the prior, by whose inverse the data narrow a combination that is kept
_LEAST = 2.0  # standard deviations that a mass is above 0, in the integral over its logarithm


@dataclass(frozen=True)
class FixedCovariance:
    """Quadratic forms of a few combinations of amounts.

    combine: T, shape (r, n).
    curvature: C at each dispersion, shape (K, r, r); slope: b, shape (K, r); constant: shape (K,).
    log_dispersion: shape (K,).
    """

    combine: Tensor
    curvature: Tensor
    slope: Tensor
    constant: Tensor
    log_dispersion: Tensor

    @classmethod
    def of(
        cls, equations: NormalEquations, moments: CoefficientMoments, reference: np.ndarray, node: int
    ) -> "FixedCovariance":
        """Return the forms of a galaxy.

        Args:
            equations: of its spectrum.
            moments: of the prior's amounts.
            reference: amounts of shapes and lines times the mass, shape (n,), whose scatter is taken.
            node: of the dispersion at which combinations are chosen.
        """
        own = len(reference)
        squares, inners, constants = _scattered(equations, reference)
        rows = np.append(np.arange(moments.shapes), moments.shapes + equations.lines)
        scale = np.linalg.norm(reference[: moments.shapes])
        factor = scale * np.column_stack([moments.mean[rows], moments.factor[rows]])
        told = squares[node] @ factor
        value, vectors = np.linalg.eigh(factor.T @ told)
        kept = value > _TOLD
        combine = (told @ (vectors[:, kept] / value[kept])).T  # y is x_r, where g = factor x and x has unit variances
        back = factor @ vectors[:, kept]
        curvature = back.T @ squares @ back
        assert combine.shape[1] == own
        parts = (combine, curvature, inners @ back, constants)
        return cls(*(torch.as_tensor(np.ascontiguousarray(part)) for part in parts), equations.log_dispersion)

    def at(self, y: Tensor, log_dispersion: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Return y^T C y, y^T b and the constant, shape (N,) each.

        Args:
            y: shape (N, r).
            log_dispersion: log10 of the dispersion in km/s, shape (N,); None where there is one alone.
        """
        if len(self.curvature) == 1:
            return ((y @ self.curvature[0]) * y).sum(1), y @ self.slope[0], self.constant.expand(len(y))
        assert log_dispersion is not None
        share = cubic_shares(self.log_dispersion, log_dispersion)
        square = torch.stack([((y @ each) * y).sum(1) for each in self.curvature], 1)
        return (share * square).sum(1), (share * (y @ self.slope.T)).sum(1), share @ self.constant

    def log_likelihood(self, y: Tensor, log_dispersion: Tensor | None) -> Tensor:
        """Return ln L integrated over the logarithm of the mass, nearly, shape (N,)."""
        return without_mass(*self.at(y, log_dispersion))


def without_mass(square: Tensor, inner: Tensor, constant: Tensor) -> Tensor:
    """Return ln of the integral over ln M, nearly: the peak, and the width in ln M of a mass well above 0."""
    pull = inner / square.clamp_min(1e-300).sqrt()  # of the mass from 0, in its standard deviations
    return pull.clamp_min(0.0) ** 2 / 2 - pull.clamp_min(_LEAST).log() + constant


def _scattered(equations: NormalEquations, reference: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A^T C^{-1} A, (K, n, n), A^T C^{-1} d, (K, n), and ln L of no galaxy, (K,), C with the reference's scatter."""
    own, scatter = len(reference), equations.scatter
    lines, calibration = (part[0].numpy() for part in scatter.modes(torch.as_tensor(reference)[None]))
    columns = scatter.columns.numpy()
    modes = np.zeros((equations.square.shape[-1], len(lines) + len(calibration)))
    modes[columns[: len(lines)], np.arange(len(lines))] = lines
    modes[columns, len(lines) :] = calibration.T
    squares, inners, constants = [], [], []
    for square, inner in zip(equations.square.numpy(), equations.inner.numpy(), strict=True):
        along = square @ modes
        factor = cholesky(np.eye(modes.shape[1]) + modes.T @ along, lower=True, check_finite=False)
        side = solve_triangular(factor, along[:own].T, lower=True, check_finite=False)
        data = solve_triangular(factor, modes.T @ inner, lower=True, check_finite=False)
        squares.append(square[:own, :own] - side.T @ side)
        inners.append(inner[:own] - side.T @ data)
        log_determinant = equations.log_determinant + 2 * np.log(np.diag(factor)).sum()
        constants.append(-(equations.data - data @ data + log_determinant) / 2)
    return np.array(squares), np.array(inners), np.array(constants)
