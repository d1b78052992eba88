"""Draws of autoregressive flows of rational-quadratic splines by compiled code, for 32-bit floats on CPUs.

As in maf_compiled, all transforms of a few draws are done while these are in the innermost cache. What is computed
together has one size, so a draw is the same to the bit whatever is drawn beside it. The splines are those of Durkan et
al. (2019) as zuko parametrises them: the inverse is the root of a quadratic, which is taken in double precision.
"""

import math
from collections.abc import Sequence

import numba
import numpy as np
import torch
from torch import Tensor

from digs.base.compilation import compiled, on_threads
from digs.flows.fast.maf_compiled import BLOCK, add, exp_of_minus
from digs.flows.fast.masked_inverse import MaskedNetwork

_F4 = np.float32


_ZERO, _ONE, _TWO = _F4(0), _F4(1), _F4(2)


@compiled
def _limited(raw, steepness, scratch, rest, power, found):
    """exp(r / (1 + |r steepness|)) of a block of raw parameters."""
    for b in range(BLOCK):
        scratch[b] = -raw[b] / (_ONE + abs(raw[b] * steepness))
    exp_of_minus(scratch, rest, power)
    factor = power.view(np.float32)
    for b in range(BLOCK):
        found[b] = rest[b] * factor[b]


@compiled
def _edges(raw, steepness, bound, scratch, rest, power, edge):
    """The edges of bins, from -bound to bound, of blocks of raw widths."""
    bins = len(raw)
    for k in range(bins):
        _limited(raw[k], steepness, scratch, rest, power, edge[k + 1])
    for b in range(BLOCK):
        edge[0, b] = _ZERO
    for k in range(bins):
        for b in range(BLOCK):
            edge[k + 1, b] += edge[k, b]
    for b in range(BLOCK):
        scratch[b] = _TWO * bound / edge[bins, b]
    for k in range(bins + 1):
        for b in range(BLOCK):
            edge[k, b] = edge[k, b] * scratch[b] - bound


def _invert(noise, shares, last_share, first, hidden, last, known, orders, steepness, bound):
    """Coordinates, shape (N, draws, d), of standard normal noise of that shape.

    shares: what units get from the context and from units that depend on it alone, (transforms, layers + 1, N, units).
    last_share: the same of the parameters, (transforms, N, d, parameters).
    first: (transforms, units, d).
    hidden: (transforms, layers, units, units).
    last: (transforms, d, parameters, units).
    known: of MaskedNetwork, (transforms, layers + 2, d).
    orders: (transforms, d).
    """
    galaxies, draws, coordinates = noise.shape
    transforms, layers, units = hidden.shape[:3]
    number_of_parameters = last.shape[2]
    bins = (number_of_parameters + 1) // 3
    blocks = (draws + BLOCK - 1) // BLOCK
    found = np.empty_like(noise)
    for job in numba.prange(galaxies * blocks):
        galaxy, start = job // blocks, job % blocks * BLOCK
        number = min(BLOCK, draws - start)
        z = np.zeros((coordinates, BLOCK), dtype=np.float32)
        x = np.zeros((coordinates, BLOCK), dtype=np.float32)  # in the order of the transform
        h = np.zeros((layers + 1, units, BLOCK), dtype=np.float32)
        parameters = np.zeros((number_of_parameters, BLOCK), dtype=np.float32)
        across, up = np.zeros((2, bins + 1, BLOCK), dtype=np.float32)
        slope = np.ones((bins + 1, BLOCK), dtype=np.float32)
        scratch, rest = np.zeros(BLOCK, dtype=np.float32), np.zeros(BLOCK, dtype=np.float32)
        power = np.zeros(BLOCK, dtype=np.int32)
        for b in range(number):
            z[:, b] = noise[galaxy, start + b]
        for t in range(transforms):
            for stage in range(coordinates):
                if stage > 0:
                    for layer in range(layers + 1):
                        alike, ready = known[t, layer, 0], known[t, layer, stage]
                        for unit in range(known[t, layer + 1, stage - 1], known[t, layer + 1, stage]):
                            block = h[layer, unit]
                            block[:] = shares[t, layer, galaxy, unit]
                            if layer == 0:
                                add(first[t, unit, :stage], x, block)
                            else:
                                add(hidden[t, layer - 1, unit, alike:ready], h[layer - 1, alike:ready], block)
                            for b in range(BLOCK):
                                block[b] = _ZERO if block[b] < _ZERO else block[b]
                alike, ready = known[t, layers + 1, 0], known[t, layers + 1, stage]
                for part in range(number_of_parameters):
                    parameters[part, :] = last_share[t, galaxy, stage, part]
                    add(last[t, stage, part, alike:ready], h[layers, alike:ready], parameters[part])
                _edges(parameters[:bins], _TWO * steepness, bound, scratch, rest, power, across)
                _edges(parameters[bins : 2 * bins], _TWO * steepness, bound, scratch, rest, power, up)
                for k in range(1, bins):
                    _limited(parameters[2 * bins + k - 1], steepness, scratch, rest, power, slope[k])
                coordinate = orders[t, stage]
                for b in range(BLOCK):
                    y = z[coordinate, b]
                    k = -1
                    for edge in range(bins + 1):
                        k += up[edge, b] < y
                    if k < 0 or k >= bins:
                        x[stage, b] = y
                        continue
                    left, low = np.float64(across[k, b]), np.float64(up[k, b])
                    width, height = np.float64(across[k + 1, b]) - left, np.float64(up[k + 1, b]) - low
                    before, after = np.float64(slope[k, b]), np.float64(slope[k + 1, b])
                    mean, climbed = height / width, np.float64(y) - low
                    bend = climbed * (before + after - 2 * mean)
                    quadratic, linear, constant = (
                        height * (mean - before) + bend,
                        height * before - bend,
                        -mean * climbed,
                    )
                    discriminant = max(linear * linear - 4 * quadratic * constant, 0.0)
                    x[stage, b] = left + width * 2 * constant / (-linear - math.sqrt(discriminant))
                for part in range(number_of_parameters):  # what is no number stays none
                    for b in range(BLOCK):
                        x[stage, b] += _ZERO * parameters[part, b]
            for stage in range(coordinates):
                z[orders[t, stage]] = x[stage]
        for b in range(number):
            found[galaxy, start + b] = z[:, b]
    return found


_EXACT = {"fastmath": {"contract", "arcp"}}  # unlike full fast mathematics, this knows infinity and nan
_invert_alone, _invert_together = compiled(_invert, **_EXACT), compiled(_invert, parallel=True, **_EXACT)


class CompiledSplines:
    """The inverse of spline transforms, from the noise on, with the weights that they have now.

    Args:
        networks: of the transforms, all of one size, the one nearest to the noise first, with ReLU units.
        bound: beyond which splines are the identity.
        slope: the smallest of the splines.
    """

    def __init__(self, networks: Sequence[MaskedNetwork], bound: float, slope: float):
        self._networks = networks
        units = len(networks[0].first)
        hidden = [weight for network in networks for weight in network.weights[1:-1]]
        stacked = torch.stack(hidden) if hidden else networks[0].weights[0].new_zeros(0, units, units)
        self._weights = (
            torch.stack([network.weights[0] for network in networks]).contiguous().detach().numpy(),
            stacked.reshape(len(networks), -1, units, units).contiguous().detach().numpy(),
            torch.stack([network.weights[-1] for network in networks]).contiguous().detach().numpy(),
            np.array([network.known for network in networks]),
            np.array([network.order for network in networks]),
            _F4(-1 / math.log(slope)),
            _F4(bound),
        )

    def __call__(self, noise: Tensor, seen: Sequence[Tensor]) -> Tensor:
        """Return the coordinates before all transforms, shape (N, draws, d), of noise of that shape.

        Args:
            seen: what the first layer of each network gets from the context, shape (units, N).
        """
        alike = [network.alike(each) for network, each in zip(self._networks, seen, strict=True)]
        shares = torch.stack([torch.stack([share.T for share in of_units]) for *of_units, _ in alike]).contiguous()
        last = torch.stack([share.movedim(-1, 0) for *_, share in alike]).contiguous()
        arguments = noise.contiguous().numpy(), shares.numpy(), last.numpy(), *self._weights
        return torch.from_numpy(on_threads(_invert_alone, _invert_together, *arguments))
