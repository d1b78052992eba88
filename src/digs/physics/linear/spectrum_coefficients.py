"""What a galaxy holds of each shape and line: cheap functions of theta, made once for all instruments."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from digs.physics.histories.delayed_tau import DelayedTau
from digs.physics.histories.history import MakesHistory
from digs.physics.linear.galaxy_light import GalaxyLight
from digs.physics.linear.shapes import Shapes
from digs.physics.stored_populations import StoredPopulations, stored_populations


class SpectrumCoefficients:
    """Amounts of the shapes and luminosities of the lines in galaxies of one solar mass formed, float64.

    Args:
        history: what makes the star formation history of the SSPs' ages; theta has its columns.
        free_gas: whether theta has gas_logz; else the gas has the metallicity of the stars.
        shapes, stored: by default those of the products BASIS and POPULATIONS.
    Raises:
        DigsError: a product is missing or damaged.

    Example:
        >>> import torch
        >>> from digs.physics.linear import SpectrumCoefficients
        >>> coefficients = SpectrumCoefficients().with_lines([40])
        >>> found = coefficients(torch.tensor([[10.0, -0.3, 0.5, 3.0, 0.4, -2.5]]))
        >>> found.shape[1] == coefficients.shapes + 1
        True
    """

    def __init__(
        self,
        history: MakesHistory = DelayedTau,
        free_gas: bool = False,
        shapes: Shapes | None = None,
        stored: StoredPopulations | None = None,
    ):
        shapes = Shapes.stored() if shapes is None else shapes
        self.shapes = len(shapes.shapes)
        self.light = GalaxyLight(stored_populations() if stored is None else stored, shapes.places, history, free_gas)
        self._from_places = torch.as_tensor(shapes.from_places)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the columns of theta."""
        return self.light.names

    def with_lines(self, lines: Sequence[int] | np.ndarray) -> "SpectrumCoefficients":
        """Return the same with these lines alone, in their order."""
        other = SpectrumCoefficients.__new__(SpectrumCoefficients)
        other.shapes, other._from_places, other.light = self.shapes, self._from_places, self.light.with_lines(lines)
        return other

    def __call__(self, theta: Tensor) -> Tensor:
        """Return the amounts of the shapes and then the lines in Lsun, shape (N, shapes + lines).

        Args:
            theta: shape (N, columns), with the columns `names`; the mass does not count.
        Raises:
            DigsError: theta has another shape or lies outside the populations.
        """
        light, lines = self.light(theta)
        return torch.cat([light @ self._from_places, lines], 1)
