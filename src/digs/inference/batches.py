"""Galaxies a batch at a time, so that memory is bounded.

No draw depends on it: each galaxy has random numbers of its own (base.random_streams).
"""

from collections.abc import Iterator

import numpy as np
from torch import Tensor

from digs.base.progress import progress
from digs.inference.posterior import Posterior


def in_batches(number: int, size: int, description: str) -> Iterator[slice]:
    """Yield the rows of one batch after the other, with a progress bar where there is more than one batch.

    Args:
        number: how many galaxies there are.
        size: how many galaxies a batch has; the last one may have fewer.
        description: of the progress bar.
    """
    starts = range(0, number, size)
    for start in progress(starts, quiet=len(starts) < 2, desc=description, unit=f"{size} galaxies"):
        yield slice(start, min(start + size, number))


def draws_in_batches(
    posterior: Posterior, flux: Tensor | np.ndarray, draws: int, seed: int, size: int, description: str
) -> Iterator[tuple[slice, Tensor]]:
    """Yield the rows of one batch after the other, and draws of theta from its posteriors, shape (rows, draws, 5).

    Args:
        flux: shape (N, pixels), as of Posterior.sample.
        draws: how many of each posterior.
        seed: as of Posterior.sample.
        size: how many galaxies a batch has.
        description: of the progress bar.
    """
    for rows in in_batches(len(flux), size, description):
        yield rows, posterior.sample(flux[rows], draws, seed)
