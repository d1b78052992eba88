"""Dispersions between which a galaxy's likelihood is interpolated.

A dispersion d blurs a spectrum that is blurred by a spectrograph already. So nodes are chosen, and polynomials taken,
in x = log10(d^2 + s^2) / 2 with a typical spectrograph's s: narrow galaxies, which hardly differ, need few nodes.
"""

import math

import numpy as np
import torch
from torch import Tensor

_SPECTROGRAPH = 100.0  # km/s, s; any s gives the same in the limit of many nodes
_FEWEST, _SHORT = 4, 0.06  # nodes, where they span so many dex of x or less
_APART = 0.16  # dex of x, by each of which more another node is taken


def even_nodes(low: float, high: float, number: int | None = None) -> np.ndarray:
    """Return dispersions in km/s, ascending, that polynomials are taken through.

    They are the nodes of Chebyshev and Lobatto in x, between which a polynomial does not swing.

    Args:
        low, high: log10 of the first and the last.
        number: of them; by default as many as make interpolation exact, to some thousandths of a nat.

    Example:
        >>> from digs.inference.engine.dispersion_nodes import even_nodes
        >>> [len(even_nodes(*ends)) for ends in ((1.5, 1.6), (2.0, 2.2), (1.5, 3.1))]
        [4, 5, 11]
    """
    first, last = _x(low), _x(high)
    if number is None:
        number = _FEWEST + math.ceil(max(last - first - _SHORT, 0.0) / _APART)
    x = (first + last) / 2 - (last - first) / 2 * np.cos(np.pi * np.arange(number) / (number - 1))
    nodes = np.sqrt(10.0 ** (2 * x) - _SPECTROGRAPH**2)
    nodes[[0, -1]] = 10.0**low, 10.0**high
    return nodes


def wider_range(low: float, high: float, more: float) -> tuple[float, float]:
    """Return ends that are so many dex of x further apart, to either side; minus infinity below any dispersion.

    Args:
        low, high: log10 of dispersions in km/s.
        more: dex of x.

    Example:
        >>> from digs.inference.engine.dispersion_nodes import wider_range
        >>> wider_range(1.5, 2.5, 0.1)[0]
        -inf
    """
    least, most = 10.0 ** (2 * (_x(low) - more)) - _SPECTROGRAPH**2, 10.0 ** (2 * (_x(high) + more)) - _SPECTROGRAPH**2
    return math.log10(least) / 2 if least > 0 else -math.inf, math.log10(most) / 2


def node_shares(nodes: Tensor, values: Tensor) -> Tensor:
    """Return the shares of nodes in the polynomial through all of them, shape (N, nodes).

    Args:
        nodes: log10 of dispersions in km/s, shape (nodes,).
        values: likewise, shape (N,).

    Example:
        >>> import torch
        >>> from digs.inference.engine.dispersion_nodes import node_shares
        >>> nodes = torch.tensor([2.0, 2.2, 2.5]).double()
        >>> node_shares(nodes, nodes[1:]).abs().numpy().round(12).tolist()
        [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    shares = torch.ones(len(values), len(nodes), dtype=torch.float64)
    nodes, values = (torch.log10(100.0**each + _SPECTROGRAPH**2) / 2 for each in (nodes, values))
    for one in range(len(nodes)):
        for other in range(len(nodes)):
            if one != other:
                shares[:, one] *= (values - nodes[other]) / (nodes[one] - nodes[other])
    return shares


def _x(log_dispersion: float) -> float:
    return math.log10(100.0**log_dispersion + _SPECTROGRAPH**2) / 2
