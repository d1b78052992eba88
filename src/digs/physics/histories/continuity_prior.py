r"""The continuity prior: neighbouring bins of a history have similar rates (Leja et al. 2019, ApJ 876, 3).

log10 of the ratio of two neighbours' rates has Student's t distribution with nu = 2 degrees of freedom and scale 0.3,
independently of the others: rates seldom change by much, but now and then by a factor of ten. With nu = 2, density and
quantiles are elementary: for t in units of the scale, and u the probability that it is smaller,

    p(t) = (2 + t^2)^{-3/2},    t(u) = (2 u - 1) / \sqrt{2 u (1 - u)}
"""

import math

import torch
from torch import Tensor

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
        self.ratios = ratios

    def sample(self, number: int, generator: torch.Generator) -> Tensor:
        """Draw ratios, shape (number, ratios), float64, on the generator's device."""
        unit = torch.rand(number, self.ratios, generator=generator, dtype=torch.float64, device=generator.device)
        unit = unit.clamp_min_(_LEAST)
        return SCALE * (2 * unit - 1) / torch.sqrt(2 * unit * (1 - unit))

    def log_prob(self, ratios: Tensor) -> Tensor:
        """Return the natural log of the density of ratios, shape (..., ratios), shape (...)."""
        return (-1.5 * torch.log(2 + (ratios / SCALE) ** 2) - math.log(SCALE)).sum(-1)
