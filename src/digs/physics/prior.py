"""The five parameters theta and their uniform prior.

theta, shape (..., 5), is ordered as PARAMETERS. Flows learn it in unbounded coordinates z: with u = (theta - low) /
(high - low) in the unit cube, z = logit(u) = ln u - ln(1 - u). The density in theta follows from
|dz/dtheta| = 1 / ((high - low) u (1 - u)), so no probability leaks out of the prior by construction.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from digs.config.model import PriorRanges
from digs.config.theta import NAMES

_EDGE = 1e-12  # of the box's sides


class Prior:
    """The uniform prior over a box, and its maps to the unit cube and to unbounded coordinates.

    Args:
        low: the lower ends of the box, in the order and units of theta, shape (5,).
        high: its upper ends, shape (5,).

    Example:
        >>> import torch
        >>> from digs.config import load_params
        >>> from digs.physics import Prior
        >>> prior = Prior.over(load_params().prior)
        >>> theta = prior.sample(3, torch.Generator().manual_seed(1))
        >>> theta.shape, prior.contains(theta).tolist()
        (torch.Size([3, 5]), [True, True, True])
        >>> torch.allclose(prior.from_unbounded(prior.to_unbounded(theta)), theta)
        True
    """

    def __init__(self, low: Sequence[float], high: Sequence[float]):
        self.low = torch.tensor(list(low), dtype=torch.float64)
        self.high = torch.tensor(list(high), dtype=torch.float64)

    @classmethod
    def over(cls, ranges: PriorRanges) -> "Prior":
        """Return the prior with the ranges of params.yaml, or of a network's settings."""
        return cls(*zip(*(getattr(ranges, name) for name in NAMES), strict=True))

    def _ends(self, like: Tensor) -> tuple[Tensor, Tensor]:
        return self.low.to(like), self.high.to(like)

    def sample(self, number: int, generator: torch.Generator) -> Tensor:
        """Draw theta, shape (number, 5), float64, on the generator's device."""
        unit = torch.rand(number, len(NAMES), generator=generator, dtype=torch.float64, device=generator.device)
        return self.from_unit(unit)

    def from_unit(self, unit: Tensor) -> Tensor:
        """Return the theta of points of the unit cube, shape (..., 5)."""
        low, high = self._ends(unit)
        return low + (high - low) * unit

    def to_unit(self, theta: Tensor) -> Tensor:
        """Return the unit-cube coordinates of theta, shape (..., 5)."""
        low, high = self._ends(theta)
        return (theta - low) / (high - low)

    def contains(self, theta: Tensor) -> Tensor:
        """Return whether theta, shape (..., 5), lies in the box, shape (...)."""
        low, high = self._ends(theta)
        return ((theta >= low) & (theta <= high)).all(-1)

    def log_prob(self, theta: Tensor) -> Tensor:
        """Return the natural log of the prior density in physical theta, shape (...); -inf outside the box."""
        low, high = self._ends(theta)
        inside = -torch.log(high - low).sum()
        return torch.where(self.contains(theta), inside, -torch.inf)

    def to_unbounded(self, theta: Tensor) -> Tensor:
        """Return z = logit(u), shape (..., 5), float64.

        Points on the box's surface are taken as _EDGE inside it, so that z is finite.
        """
        return torch.logit(self.to_unit(theta.double()), eps=_EDGE)

    def from_unbounded(self, z: Tensor) -> Tensor:
        """Return the theta of unbounded coordinates, shape (..., 5), float64; always inside the box."""
        low, high = self._ends(z.double())
        return self.from_unit(torch.sigmoid(z.double())).clamp(low, high)  # as rounding may overstep the far end

    def log_jacobian(self, z: Tensor) -> Tensor:
        """Return ln |dz/dtheta| summed over parameters, shape (...).

        Add it to a log density in z to have it in theta.
        """
        low, high = self._ends(z)
        return -(torch.log(high - low) + logsigmoid(z) + logsigmoid(-z)).sum(-1)
