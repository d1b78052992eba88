"""Draws from a flow whose density leaks out of the prior's box: what lies outside is drawn again.

So does sbi's DirectPosterior. The posterior is then the flow's density inside the box over the share inside.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from digs.base.errors import DigsError
from digs.base.progress import progress
from digs.base.random_streams import galaxy_keys, normal_numbers
from digs.flows.fast.plain_maf import PlainMaf
from digs.flows.fast.plain_sampler import plain_sampler
from digs.physics.prior import Prior

_ROUNDS = 200
_AT_ONCE = 200_000  # draws, to bound memory


def boxed_draws(
    flow: PlainMaf, prior: Prior, columns: list[int], context: Tensor, draws: int, seed: int, description: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return theta, (N, draws, 5), inside the prior, and the flow's share inside, (N,), of N contexts, (N, C).

    Args:
        columns: where the parameters stand among the flow's coordinates.
    Raises:
        DigsError: nearly all draws of a galaxy lie outside.
    """
    context, sample = context.to(flow.mean), plain_sampler(flow)
    size = max(1, _AT_ONCE // draws)
    parts = [slice(start, start + size) for start in range(0, len(context), size)]
    ids = np.arange(len(context))
    found = [
        _some(sample, prior, columns, context[part], draws, seed, ids[part])
        for part in progress(parts, desc=description, unit="block")
    ]
    return tuple(np.concatenate(each) for each in zip(*found, strict=True))


def _some(
    sample: Callable, prior: Prior, columns: list[int], context: Tensor, draws: int, seed: int, ids: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    theta = np.empty((len(ids), draws, len(columns)))
    filled, inside, tried = (np.zeros(len(ids), dtype=int) for _ in range(3))
    for number in range(_ROUNDS):
        rows = np.flatnonzero(filled < draws)
        if not len(rows):
            return theta, inside / tried
        keys = galaxy_keys(ids[rows], ids[rows])
        noise = torch.from_numpy(normal_numbers(seed, f"round {number}", keys, draws, len(columns)))
        candidates = sample(noise, context[rows]).double()[..., columns]
        accepted = prior.contains(candidates).numpy()
        inside[rows] += accepted.sum(1)
        tried[rows] += draws
        for row, some, good in zip(rows, candidates.numpy(), accepted, strict=True):
            kept = some[good][: draws - filled[row]]
            theta[row, filled[row] : filled[row] + len(kept)] = kept
            filled[row] += len(kept)
    raise DigsError(f"Nearly all draws of spectrum {rows[0]} lie outside the prior; look at the network's spectra.")
