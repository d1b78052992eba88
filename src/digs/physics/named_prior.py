"""The uniform prior over a box of other columns of theta than the five."""

from collections.abc import Mapping

import torch
from torch import Tensor

from digs.physics.prior import Prior


class NamedPrior(Prior):
    """A Prior over any columns.

    Args:
        ranges: the low and the high end of each column, by name, in the order of theta.

    Example:
        >>> import torch
        >>> from digs.physics.named_prior import NamedPrior
        >>> prior = NamedPrior({"logmass": (8.0, 13.0), "logzsol": (-2.0, 0.2), "dust2": (0.1, 1.0)})
        >>> prior.names, prior.sample(4, torch.Generator().manual_seed(1)).shape
        (('logmass', 'logzsol', 'dust2'), torch.Size([4, 3]))
    """

    def __init__(self, ranges: Mapping[str, tuple[float, float]]):
        self.names = tuple(ranges)
        super().__init__(*zip(*ranges.values(), strict=True))

    def sample(self, number: int, generator: torch.Generator) -> Tensor:
        """Draw theta, shape (number, columns), float64, on the generator's device."""
        shape = number, len(self.names)
        return self.from_unit(torch.rand(*shape, generator=generator, dtype=torch.float64, device=generator.device))
