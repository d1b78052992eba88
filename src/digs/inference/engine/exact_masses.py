r"""The exact likelihood of many galaxies as a function of their mass, by products of matrices.

At a node of the dispersion it is what NormalEquations.mass_terms gives. Between nodes, all that goes into it is
interpolated by the polynomial through all of them, a few thousandths of a nat off, where cubics between four of them
would be off by several tenths. As it is linear in the nodes' matrices, galaxies are multiplied with these node by node.
"""

import torch
from torch import Tensor

from digs.exact.normal.normal_equations import MassTerms, NormalEquations, scattered_mass_terms
from digs.exact.normal.scatter import COARSE
from digs.inference.engine.dispersion_nodes import node_shares


class ExactMasses:
    """The likelihood of one spectrum.

    Args:
        equations: of the spectrum.
        logmass_range: inside which the mass is kept at which lines and calibration scatter.
    """

    def __init__(self, equations: NormalEquations, logmass_range: tuple[float, float]):
        self._equations, self._logmass_range = equations, logmass_range
        scatter, square = equations.scatter, equations.square
        modes, few = scatter.at_lines.shape
        columns, own = scatter.columns, square.shape[-1] - modes * COARSE
        self._own, self._few = own, few
        block = square[:, columns][:, :, columns]
        # the modes of the calibration are sums of the strong lines and the first shapes
        of_lines = (scatter.at_lines.T[None, :, :, None] * block[:, :few, None]).flatten(2)
        of_shapes = block[:, few:].unflatten(1, (modes, COARSE)).transpose(1, 2).flatten(2)
        self._between = torch.cat([of_lines, of_shapes], 1)  # (nodes, strong + COARSE, modes x columns)
        self._lines = block[:, :few, :few]
        self._along = square[:, :own].contiguous()

    def __call__(self, amounts: Tensor, log_dispersion: Tensor | None = None) -> MassTerms:
        """Return the likelihoods.

        Args:
            amounts: of shapes and lines in a solar mass, shape (N, n).
            log_dispersion: log10 of the dispersion in km/s, shape (N,); None where there is one node.
        """
        equations, scatter = self._equations, self._equations.scatter
        share = amounts.new_ones(len(amounts), 1)
        if log_dispersion is not None:
            share = node_shares(equations.log_dispersion, log_dispersion)
        lines, shapes = amounts[:, scatter.strong], amounts[:, :COARSE]
        both = torch.cat([lines, shapes], 1)
        inner = share @ equations.inner
        model_data = (amounts * inner[:, : self._own]).sum(1)
        along = _mixed(share, amounts, self._along)
        model_model = (amounts * along[:, : self._own]).sum(1)
        modes = len(scatter.at_lines)
        between = _mixed(share, both, self._between).unflatten(1, (modes, len(scatter.columns)))
        sizes = scatter.relative * lines
        of_lines = (
            sizes[:, :, None] * (share @ self._lines.flatten(1)).unflatten(1, (self._few, self._few)) * sizes[:, None]
        )
        mixed = between[:, :, : self._few] * sizes[:, None]
        calibration = self._summed(between, lines, shapes)
        scattered = torch.cat([torch.cat([of_lines, mixed.mT], 2), torch.cat([mixed, calibration], 2)], 1)
        own = torch.stack([along[:, scatter.columns], inner[:, scatter.columns]], 1)
        sides = torch.cat([sizes[:, None] * own[:, :, : self._few], self._summed(own, lines, shapes)], 2).mT
        constants = equations.data, equations.log_determinant
        return scattered_mass_terms(model_model, model_data, scattered, sides, constants, self._logmass_range)

    def _summed(self, columns: Tensor, lines: Tensor, shapes: Tensor) -> Tensor:
        """The modes of the calibration out of products with the columns, (N, k, columns), shape (N, k, modes)."""
        scatter, few = self._equations.scatter, self._few
        of_lines = (columns[:, :, :few] * lines[:, None]) @ scatter.at_lines.T
        parts = columns[:, :, few:].unflatten(2, (len(scatter.at_lines), COARSE))
        return of_lines + (parts * shapes[:, None, None]).sum(3)


def _mixed(share: Tensor, rows: Tensor, nodes: Tensor) -> Tensor:
    """Products of rows, (N, n), with the nodes' matrices, (K, n, m), interpolated, shape (N, m)."""
    return (share[:, :, None] * rows[:, None]).flatten(1) @ nodes.flatten(0, 1)
