"""Simulators with fewer parameters: some columns of theta have one value for all galaxies."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from digs.base.errors import DigsError
from digs.physics.instrument import Instrument
from digs.physics.simulator import Simulator


class FixedColumns(nn.Module):
    """A simulator whose theta lacks some columns.

    It has what a Simulator has: names, domain, curve, pixels, instrument.

    Args:
        simulator: of the spectra.
        values: of the columns that theta lacks, by name.
    Raises:
        DigsError: the simulator has no such column.

    Example:
        >>> import digs
        >>> from digs.physics.fixed_columns import FixedColumns
        >>> simulator = FixedColumns(digs.Simulator(), {"tage": 1.6, "logtau": -0.9})
        >>> simulator.names, simulator([[10.5, -0.4, 0.6]]).shape
        (('logmass', 'logzsol', 'dust2'), torch.Size([1, 138]))
    """

    def __init__(self, simulator: Simulator, values: Mapping[str, float]):
        super().__init__()
        if unknown := [name for name in values if name not in simulator.names]:
            raise DigsError(f"The simulator has no column '{unknown[0]}'; choose from: {', '.join(simulator.names)}.")
        self.simulator = simulator
        self.names = tuple(name for name in simulator.names if name not in values)
        self._places = [simulator.names.index(name) for name in self.names]
        constant = [values.get(name, 0.0) for name in simulator.names]
        self.register_buffer("_constant", torch.tensor(constant, dtype=torch.float64), persistent=False)

    @property
    def domain(self) -> Tensor:
        """Return the least and the greatest value of each column, shape (2, columns)."""
        return self.simulator.domain[:, self._places]

    @property
    def curve(self) -> Tensor:
        """Return the dust curve at the pixels, shape (pixels,)."""
        return self.simulator.curve

    @property
    def instrument(self) -> Instrument:
        """Return the instrument."""
        return self.simulator.instrument

    @property
    def pixels(self) -> int:
        """Return how many pixels the spectra have."""
        return self.simulator.pixels

    def whole(self, theta: Any) -> Tensor:
        """Return theta with all columns of the simulator, float64, of one without those that are fixed."""
        theta = torch.as_tensor(theta).to(self._constant)
        if theta.ndim != 2 or theta.shape[1] != len(self.names):
            raise DigsError(
                f"theta has shape {tuple(theta.shape)}, not (N, {len(self.names)}): {', '.join(self.names)}."
            )
        whole = self._constant.repeat(len(theta), 1)
        whole[:, self._places] = theta
        return whole

    def forward(self, theta: Any) -> Tensor:
        """Return F_lambda in erg/s/cm2/Angstrom, shape (N, pixels), of theta, shape (N, columns)."""
        return self.simulator(self.whole(theta))


def with_all_columns(
    simulator: Simulator | FixedColumns,
) -> tuple[Simulator, Callable[[Any], Any]]:
    """Return the simulator behind one that may lack columns, and what makes its theta of theirs."""
    if isinstance(simulator, FixedColumns):
        return simulator.simulator, simulator.whole
    return simulator, lambda theta: theta
