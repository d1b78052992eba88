r"""What scatters around the model of each theta: strong lines, and the calibration along smooth modes.

The strong lines have the modes s M_0 l_j L_j. A mode of the calibration is a_k T_k m, in which the model m is taken as

    m(theta) = m_0 \sum_i r_i(theta) T_i,        r(theta) = M_0 g(theta) R

with a fixed model m_0, close to the data, and the least-squares fit R of the shapes and lines by m_0 times the T_i. As
T_i T_k = (T_{i+k} + T_{|i-k|}) / 2, a mode is m_0 times polynomials of up to twice the degree: all are sums of a few
columns that do not depend on theta.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from digs.exact.normal.moments import CoefficientMoments
from digs.exact.normal.nuisances import Nuisances


@dataclass(frozen=True)
class Scatter:
    """The modes that depend on theta.

    columns: of all columns (shapes, lines, m_0 times polynomials) those that the modes are sums of: lines come first.
    strong: which of shapes and lines scatter, shape (strong,).
    relative: by how much the lines do.
    ratio: R, shape (shapes + lines, degree + 1).
    calibration: what makes the calibration modes of r, (modes, degree + 1, 2 degree + 1), sizes included.
    """

    columns: Tensor
    strong: Tensor
    relative: float
    ratio: Tensor
    calibration: Tensor

    @classmethod
    def of(
        cls,
        matrix: np.ndarray,
        polynomials: np.ndarray,
        error: np.ndarray,
        moments: CoefficientMoments,
        lines: np.ndarray,
        nuisances: Nuisances,
    ) -> "Scatter":
        """Return the scatter of a spectrum.

        Args:
            matrix: of shapes and lines, shape (pixels, shapes + lines).
            polynomials: m_0 times the polynomials up to twice the degree, shape (pixels, 2 degree + 1).
            error: of the pixels, shape (pixels,).
            moments: which tell the strong lines.
            lines: that come after the shapes.
            nuisances: by how much all scatter.
        """
        degree, weight = nuisances.modes, 1 / error[:, None]
        ratio = np.linalg.lstsq(polynomials[:, : degree + 1] * weight, matrix * weight, rcond=None)[0].T
        sizes = nuisances.calibration_sizes
        product = np.zeros((degree + 1, degree + 1, 2 * degree + 1))
        for mode in range(degree + 1):
            for other in range(degree + 1):
                product[mode, other, mode + other] += sizes[mode] / 2
                product[mode, other, abs(mode - other)] += sizes[mode] / 2
        strong = np.flatnonzero(moments.strong(lines)) if nuisances.lines > 0 else np.empty(0, dtype=int)
        strong = moments.shapes + strong
        columns = np.append(strong, matrix.shape[1] + np.arange(2 * degree + 1))
        given = (torch.as_tensor(part) for part in (columns, strong, ratio, product[sizes > 0]))
        columns, strong, ratio, calibration = given
        return cls(columns, strong, nuisances.lines, ratio, calibration)

    def modes(self, amounts: Tensor, mass: Tensor) -> tuple[Tensor, Tensor]:
        """Return the standard deviations of the lines, (N, strong), and calibration by polynomials, (N, modes, n).

        Args:
            amounts: of shapes and lines in a solar mass, shape (N, shapes + lines).
            mass: M_0, shape (N,).
        """
        lines = self.relative * mass[:, None] * amounts[:, self.strong]
        ratio = mass[:, None] * (amounts @ self.ratio)
        return lines, torch.einsum("ni,kij->nkj", ratio, self.calibration)

    def whitened(
        self, amounts: Tensor, mass: Tensor, along: Tensor, inner: Tensor, block: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the Cholesky factor F of 1 + V^T C^{-1} V, V the modes, and F^{-1} V^T C^{-1} of model and data.

        Args:
            amounts, mass: as of modes.
            along, inner: C^{-1} of a solar mass's model and of the data, along all columns, shape (N, n).
            block: C^{-1} between `columns`, shape (N or 1, columns, columns).
        """
        lines, calibration = self.modes(amounts, mass)
        few, polynomials = lines.shape[1], self.columns[lines.shape[1] :]
        between = torch.matmul(calibration, block[:, few:])  # modes by columns
        of_lines = lines[:, :, None] * block[:, :few, :few] * lines[:, None]
        mixed = between[:, :, :few] * lines[:, None]
        of_calibration = torch.matmul(between[:, :, few:], calibration.mT)
        inside = torch.cat([torch.cat([of_lines, mixed.mT], 2), torch.cat([mixed, of_calibration], 2)], 1)
        inside.diagonal(dim1=1, dim2=2).add_(1.0)
        factor = torch.linalg.cholesky(inside)
        sides = torch.stack(
            [
                torch.cat([lines * side[:, self.strong], (calibration @ side[:, polynomials, None])[..., 0]], 1)
                for side in (along, inner)
            ],
            2,
        )
        toward_model, toward_data = torch.linalg.solve_triangular(factor, sides, upper=False).unbind(2)
        return factor, toward_model, toward_data
