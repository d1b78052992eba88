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

COARSE = 20  # shapes


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

    def modes(self, amounts: Tensor) -> tuple[Tensor, Tensor]:
        """Return the modes of a solar mass: sizes of the lines, (N, strong), and calibration, (N, modes, columns).

        Args:
            amounts: of shapes and lines in a solar mass, shape (N, shapes + lines).
        """
        lines, shapes = amounts[:, self.strong], amounts[:, :COARSE]
        products = torch.einsum("kl,ni->nkli", torch.eye(len(self.at_lines), dtype=shapes.dtype), shapes)
        return self.relative * lines, torch.cat([self.at_lines * lines[:, None], products.flatten(2)], 2)

    def products(self, amounts: Tensor, along: Tensor, inner: Tensor, block: Tensor) -> tuple[Tensor, Tensor]:
        """Return V^T C^{-1} V, (N, n, n), and V^T C^{-1} of model and data, (N, n, 2), V the modes of a solar mass.

        Args:
            amounts: of shapes and lines in a solar mass, shape (N, shapes + lines).
            along, inner: C^{-1} of a solar mass's model and of the data, along all columns, shape (N, n).
            block: C^{-1} between `columns`, shape (columns, columns), or that of each, (N, columns, columns).
        """
        lines, calibration = self.modes(amounts)
        few = lines.shape[1]
        between = self._between(amounts, calibration, block)
        of_lines = lines[:, :, None] * block[..., :few, :few] * lines[:, None]
        mixed = between[:, :, :few] * lines[:, None]
        of_calibration = torch.matmul(between, calibration.mT)
        square = torch.cat([torch.cat([of_lines, mixed.mT], 2), torch.cat([mixed, of_calibration], 2)], 1)
        own = torch.stack([along[:, self.columns], inner[:, self.columns]], 2)
        return square, torch.cat([lines[:, :, None] * own[:, :few], torch.matmul(calibration, own)], 1)

    def _between(self, amounts: Tensor, calibration: Tensor, block: Tensor) -> Tensor:
        """C^{-1} between the calibration's modes and the columns, (N, modes, columns)."""
        if block.ndim == 3:
            return torch.matmul(calibration, block)
        modes, few = self.at_lines.shape  # one product of matrices for all, as few columns go into each mode
        of_lines = (self.at_lines.T[:, :, None] * block[:few, None]).flatten(1)
        of_shapes = block[few:].unflatten(0, (modes, COARSE)).transpose(0, 1).flatten(1)
        both = torch.cat([amounts[:, self.strong], amounts[:, :COARSE]], 1) @ torch.cat([of_lines, of_shapes])
        return both.unflatten(1, (modes, len(block)))
