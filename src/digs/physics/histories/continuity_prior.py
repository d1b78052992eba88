r"""The continuity prior: neighbouring bins of a history have similar rates (Leja et al. 2019, ApJ 876, 3).

log10 of the ratio of two neighbours' rates has Student's t distribution with nu = 2 degrees of freedom and scale 0.3,
independently of the others: rates seldom change by much, but now and then by a factor of ten. With nu = 2, density and
quantiles are elementary: for t in units of the scale, and u the probability that it is smaller,

    p(t) = (2 + t^2)^{-3/2},    t(u) = (2 u - 1) / \sqrt{2 u (1 - u)}
"""

import math
from typing import Any

import torch
from torch import Tensor

from digs.base.errors import DigsError
from digs.base.inputs import read_tensor, whole_number

SCALE = 0.3  # dex


_LEAST = 2.0**-54  # half the smallest step of torch.rand, whose 0 would be minus infinity


class ContinuityPrior:
    """The prior of the columns logsfr_ratio_1 and so on of digs.physics.histories.Continuity.

    Args:
        ratios: how many there are, one less than bins.

    Example:
        >>> import torch
        >>> from digs.physics.histories import ContinuityPrior
        >>> prior = ContinuityPrior(6)
        >>> draws = prior.sample(1000, torch.Generator().manual_seed(1))
        >>> draws.shape, prior.log_prob(draws).shape
        (torch.Size([1000, 6]), torch.Size([1000]))
    """

    def __init__(self, ratios: int):
        self.ratios = whole_number(ratios, "The number of ratios", 1)

    def sample(self, number: int, generator: torch.Generator) -> Tensor:
        """Draw ratios, shape (number, ratios), float64, on the generator's device.

        Raises:
            DigsError: number is no whole number of 0 or more, or the generator is none of torch's.
        """
        number = whole_number(number, "The number of draws", 0)
        if not isinstance(generator, torch.Generator):
            raise DigsError("The source of random numbers is no torch.Generator; make one.")
        unit = torch.rand(number, self.ratios, generator=generator, dtype=torch.float64, device=generator.device)
        unit = unit.clamp_min_(_LEAST)
        return SCALE * (2 * unit - 1) / torch.sqrt(2 * unit * (1 - unit))

    def log_prob(self, ratios: Any) -> Tensor:
        """Return the natural log of the density of ratios, shape (..., ratios), shape (...).

        Raises:
            DigsError: there are more or fewer ratios.
        """
        ratios = read_tensor(ratios, "The ratios")
        if ratios.ndim == 0 or ratios.shape[-1] != self.ratios:
            raise DigsError(f"The ratios have shape {tuple(ratios.shape)}, not (..., {self.ratios}); give as many.")
        return (-1.5 * torch.log(2 + (ratios / SCALE) ** 2) - math.log(SCALE)).sum(-1)
