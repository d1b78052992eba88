"""Spectra and pairs as the released code of Khullar et al. (2022) makes them.

The data are log10 F_lambda on their pixels, of galaxies with solar gas, with normal noise in the logarithm. Their pairs
are as many fixed ones as the network is shown in an epoch: theta of the prior with the noisy spectrum of the nearest of
10 000 library members.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from digs.base.random_streams import generator
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.training.pairs import Sample, nearest_member

_BULK = 50_000  # spectra simulated at a time


@dataclass(frozen=True)
class ReleasedPairs:
    """Where pairs come from.

    simulator: on their pixels.
    prior: of theta.
    members: theta of their library, (M, 5).
    fraction: the noise has a standard deviation of log10(1 + fraction).

    Example:
        >>> import digs, torch
        >>> from digs.config import load_params
        >>> from digs.physics import Prior
        >>> from digs.training.released_pairs import ReleasedPairs
        >>> prior = Prior.over(load_params().prior)
        >>> members = prior.sample(50, torch.Generator().manual_seed(1))
        >>> pairs = ReleasedPairs(digs.Simulator(), prior, members, 0.05)
        >>> theta, log_flux = pairs.looked_up(20, seed=1, purpose="example")
        >>> log_flux.shape
        torch.Size([20, 138])
    """

    simulator: Simulator
    prior: Prior
    members: Tensor
    fraction: float

    @torch.no_grad()
    def log_flux(self, theta: Tensor) -> Tensor:
        """Return log10 F_lambda without noise, (N, pixels), single precision, of theta, (N, 5)."""
        return torch.cat([torch.log10(self.simulator(each)).float() for each in theta.split(_BULK)])

    def exact(self, number: int, seed: int, purpose: str) -> Sample:
        """Return so many theta of the prior, (N, 5), and noisy log10 F_lambda of their own, (N, pixels)."""
        theta = self.prior.sample(number, generator(seed, f"{purpose} theta"))
        return theta, self._noisy(self.log_flux(theta), seed, purpose)

    def looked_up(self, number: int, seed: int, purpose: str) -> Sample:
        """Return the same with noisy log10 F_lambda of the nearest library members."""
        theta = self.prior.sample(number, generator(seed, f"{purpose} theta"))
        log_flux = self.log_flux(self.members)
        return theta, self._noisy(log_flux[nearest_member(theta, self.members)], seed, purpose)

    def _noisy(self, log_flux: Tensor, seed: int, purpose: str) -> Tensor:
        """Add noise in place, as there may be a gigabyte of spectra."""
        sigma, random = math.log10(1 + self.fraction), generator(seed, f"{purpose} noise")
        for part in log_flux.split(_BULK):
            part.add_(torch.randn(part.shape, generator=random), alpha=sigma)
        return log_flux
