"""Training pairs (theta, noisy spectrum), drawn in batches."""

from collections.abc import Iterator

import torch
from torch import Tensor

from digs.noise import add_noise


class LibraryPairs:
    """Spectra of a library, each with its own theta, and noise that is new every time.

    Args:
        theta: shape (N, 5). flux: noiseless, shape (N, pixels). fraction: of the noise.
        generator: source of all random numbers.
    """

    def __init__(self, theta: Tensor, flux: Tensor, fraction: float, generator: torch.Generator):
        self.theta, self.flux, self.fraction, self.generator = theta, flux, fraction, generator

    def epoch(self, pairs: int, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches of so many pairs in all; every library spectrum comes equally often, to within one."""
        rounds = -(-pairs // len(self.theta))
        order = torch.cat([torch.randperm(len(self.theta), generator=self.generator) for _ in range(rounds)])[:pairs]
        for rows in order.split(batch_size):
            yield self.theta[rows], add_noise(self.flux[rows], self.generator, self.fraction)
