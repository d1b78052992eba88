"""Where in the prior one network's loss is above another's: what is wrong with some galaxies alone shows there."""

import numpy as np
import torch
from torch import Tensor

from digs.base.statistics import mean_and_error
from digs.config.theta import NAMES

FIFTHS = 5


def loss_by_fifths(above: Tensor, theta: Tensor) -> dict[str, list[dict[str, float]]]:
    """Return the mean of a difference of losses and its error in each fifth of the pairs, by each parameter in turn.

    Args:
        above: the difference, of each pair, (N,).
        theta: of the pairs, (N, 5).

    Example:
        >>> import torch
        >>> from digs.diagnostics.loss_by_parameter import loss_by_fifths
        >>> theta = torch.rand(1000, 5, generator=torch.Generator().manual_seed(1))
        >>> found = loss_by_fifths((theta[:, 1] > 0.8).double(), theta)
        >>> [round(fifth["value"], 1) for fifth in found["logzsol"]]
        [0.0, 0.0, 0.0, 0.0, 1.0]
    """
    found = {}
    for name, values in zip(NAMES, theta.numpy().T, strict=True):
        parts = np.array_split(np.argsort(values, kind="stable"), FIFTHS)
        found[name] = [mean_and_error(above[torch.from_numpy(part)]) for part in parts]
    return found
