r"""What scatters around the model of each theta: strong lines, and the calibration along smooth modes.

The strong lines have the modes s M_0 l_j L_j, and the calibration has a_k T_k m: polynomials times the model, which is
taken as the sum of its strong lines, T_k being that at their centres, and of the COARSE first shapes, which hold all
but some tenths of a percent of the continuum,

    a_k T_k m(theta) = M_0 [ \sum_j a_k T_k(x_j) l_j(theta) L_j + \sum_i c_i(theta) a_k T_k A_i ]

So all modes are sums of columns that do not depend on theta: the strong lines L_j, and the products a_k T_k A_i.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

COARSE = 12  # shapes


@dataclass(frozen=True)
class Scatter:
    """The modes that depend on theta.

    columns: of all columns (shapes, lines, products) those that the modes are sums of: lines come first.
    strong: which of shapes and lines scatter, shape (strong,).
    relative: by how much.
    at_lines: a_k T_k at their centres, shape (modes, strong).
    """

    columns: Tensor
    strong: Tensor
    relative: float
    at_lines: Tensor

    @classmethod
    def of(cls, strong: np.ndarray, relative: float, at_lines: np.ndarray, width: int) -> "Scatter":
        """Return the scatter of a spectrum.

        Args:
            strong: which of shapes and lines scatter, shape (strong,).
            relative: by how much.
            at_lines: the calibration's modes a_k T_k at their centres, shape (strong, modes).
            width: how many shapes and lines there are, after which come the products.
        """
        columns = np.append(strong, width + np.arange(at_lines.shape[1] * COARSE))
        return cls(*map(torch.as_tensor, (columns, strong)), relative, torch.as_tensor(at_lines.T.copy()))

    def modes(self, amounts: Tensor, mass: Tensor) -> tuple[Tensor, Tensor]:
        """Return the standard deviations of the lines, (N, strong), and the calibration, (N, modes, columns).

        Args:
            amounts: of shapes and lines in a solar mass, shape (N, shapes + lines).
            mass: M_0, shape (N,).
        """
        lines = mass[:, None] * amounts[:, self.strong]
        shapes = mass[:, None] * amounts[:, :COARSE]
        products = torch.einsum("kl,ni->nkli", torch.eye(len(self.at_lines), dtype=shapes.dtype), shapes)
        return self.relative * lines, torch.cat([self.at_lines * lines[:, None], products.flatten(2)], 2)

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
        few = lines.shape[1]
        between = torch.matmul(calibration, block)  # modes by columns
        of_lines = lines[:, :, None] * block[:, :few, :few] * lines[:, None]
        mixed = between[:, :, :few] * lines[:, None]
        of_calibration = torch.matmul(between, calibration.mT)
        inside = torch.cat([torch.cat([of_lines, mixed.mT], 2), torch.cat([mixed, of_calibration], 2)], 1)
        inside.diagonal(dim1=1, dim2=2).add_(1.0)
        factor = torch.linalg.cholesky(inside)
        own = torch.stack([along[:, self.columns], inner[:, self.columns]], 2)
        sides = torch.cat([lines[:, :, None] * own[:, :few], torch.matmul(calibration, own)], 1)
        toward_model, toward_data = torch.linalg.solve_triangular(factor, sides, upper=False).unbind(2)
        return factor, toward_model, toward_data
