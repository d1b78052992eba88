"""Draws of masked autoregressive flows with logistic units by compiled code, for 32-bit floats on CPUs.

What costs time is to move intermediate results through memory, so all transforms of a few draws are done while they
are in the innermost cache. Logistic functions are half of the work: loops over exponential functions become vector
instructions when these are written out, as powers of 2 times polynomials of what remains.
"""

import math
from collections.abc import Sequence

import numba
import numpy as np
import torch
from torch import Tensor

from digs.base.compilation import compiled, on_threads
from digs.flows.fast.masked_inverse import MaskedNetwork

BLOCK = 128  # draws that are made together, few enough for the cache, enough for the calls' own costs


_F4 = np.float32


_LOG2_E = _F4(1 / math.log(2))


_MOST = _F4(125)  # a power of 2 that 32-bit floats have, as well as its inverse


_ZERO, _HALF, _ONE, _TWO = _F4(0), _F4(0.5), _F4(1), _F4(2)


_BIAS, _MANTISSA = np.int32(127), np.int32(23)  # of the binary representation


# 2^x = sum of (x ln 2)^k / k!, to 2e-7 for |x| <= 1/2
_P0, _P1, _P2, _P3, _P4, _P5, _P6 = (_F4(math.log(2) ** k / math.factorial(k)) for k in range(7))


# ln(1 + e) = 2 artanh(q), q = e / (2 + e), = sum of 2 q^(2 k + 1) / (2 k + 1), to 2e-9 for 0 <= e <= 1
_L0, _L1, _L2, _L3, _L4, _L5, _L6, _L7 = (_F4(2 / (2 * k + 1)) for k in range(8))


@compiled
def exp_of_minus(x, rest, power):
    """exp(-x) of a block, as rest times the floats whose representations are the integers power."""
    for b in range(BLOCK):
        exponent = min(max(-x[b] * _LOG2_E, -_MOST), _MOST)
        whole = np.floor(exponent + _HALF)
        f = exponent - whole
        rest[b] = _P0 + f * (_P1 + f * (_P2 + f * (_P3 + f * (_P4 + f * (_P5 + f * _P6)))))
        power[b] = (np.int32(whole) + _BIAS) << _MANTISSA


@compiled
def _sigmoid(x, rest, power):
    """The logistic function in place of a block."""
    exp_of_minus(x, rest, power)
    factor = power.view(np.float32)
    for b in range(BLOCK):
        x[b] = _ONE / (_ONE + rest[b] * factor[b])


@compiled
def _softplus(x, scratch, rest, power):
    """ln(1 + exp(x)) in place of a block."""
    for b in range(BLOCK):
        scratch[b] = abs(x[b])
    exp_of_minus(scratch, rest, power)
    factor = power.view(np.float32)
    for b in range(BLOCK):
        e = rest[b] * factor[b]
        q = e / (_TWO + e)
        r = q * q
        series = _L0 + r * (_L1 + r * (_L2 + r * (_L3 + r * (_L4 + r * (_L5 + r * (_L6 + r * _L7))))))
        x[b] = max(x[b], _ZERO) + q * series


@compiled
def add(weight, columns, total):
    """Add to a block the sum of other blocks, each times its weight; four at once, to touch the sum less often."""
    fours = len(weight) // 4 * 4
    for k in range(0, fours, 4):
        w0, w1, w2, w3 = weight[k], weight[k + 1], weight[k + 2], weight[k + 3]
        c0, c1, c2, c3 = columns[k], columns[k + 1], columns[k + 2], columns[k + 3]
        for b in range(BLOCK):
            total[b] += (w0 * c0[b] + w1 * c1[b]) + (w2 * c2[b] + w3 * c3[b])
    for k in range(fours, len(weight)):
        w0, c0 = weight[k], columns[k]
        for b in range(BLOCK):
            total[b] += w0 * c0[b]


def _invert(noise, seen, first, hidden, hidden_bias, last, last_bias, known, orders, least_scale):
    """Coordinates, shape (N, draws, d), of standard normal noise of that shape.

    seen: (transforms, N, units).
    first: (transforms, units, d).
    hidden: (transforms, layers, units, units), and biases.
    last: (transforms, d, 2, units), and biases.
    known: of MaskedNetwork, (layers + 2, d).
    orders: (transforms, d).
    """
    galaxies, draws, coordinates = noise.shape
    transforms, layers, units = hidden.shape[:3]
    blocks = (draws + BLOCK - 1) // BLOCK
    found = np.empty_like(noise)
    for job in numba.prange(galaxies * blocks):
        galaxy, start = job // blocks, job % blocks * BLOCK
        number = min(BLOCK, draws - start)
        z = np.zeros((coordinates, BLOCK), dtype=np.float32)
        x = np.zeros((coordinates, BLOCK), dtype=np.float32)  # in the order of the transform
        h = np.zeros((layers + 1, units, BLOCK), dtype=np.float32)
        parameters = np.zeros((2, BLOCK), dtype=np.float32)
        scratch, rest = np.zeros(BLOCK, dtype=np.float32), np.zeros(BLOCK, dtype=np.float32)
        power = np.zeros(BLOCK, dtype=np.int32)
        for b in range(number):
            z[:, b] = noise[galaxy, start + b]
        for t in range(transforms):
            for stage in range(coordinates):
                if stage > 0:
                    for layer in range(layers + 1):
                        for unit in range(known[layer + 1, stage - 1], known[layer + 1, stage]):
                            block = h[layer, unit]
                            if layer == 0:
                                block[:] = seen[t, galaxy, unit]
                                add(first[t, unit, :stage], x, block)
                            else:
                                block[:] = hidden_bias[t, layer - 1, unit]
                                add(hidden[t, layer - 1, unit, : known[layer, stage]], h[layer - 1], block)
                            _sigmoid(block, rest, power)
                for part in range(2):
                    parameters[part, :] = last_bias[t, stage, part]
                    add(last[t, stage, part, : known[layers + 1, stage]], h[layers], parameters[part])
                _softplus(parameters[0], scratch, rest, power)
                coordinate = orders[t, stage]
                for b in range(BLOCK):
                    x[stage, b] = (z[coordinate, b] - parameters[1, b]) / (parameters[0, b] + least_scale)
            for stage in range(coordinates):
                z[orders[t, stage]] = x[stage]
        for b in range(number):
            found[galaxy, start + b] = z[:, b]
    return found


_invert_alone, _invert_together = compiled(_invert), compiled(_invert, parallel=True)


class CompiledInverse:
    """The inverse of affine transforms, from the noise on, with the weights that they have now.

    Args:
        networks: of the transforms, all alike but for their orders and weights, the one nearest to the noise first.
        least_scale: that is added to the scales.
    """

    def __init__(self, networks: Sequence[MaskedNetwork], least_scale: float):
        def stacked(parts: list[list[Tensor]]) -> np.ndarray:
            return torch.stack([torch.stack(each) for each in parts]).contiguous().detach().numpy()

        self._units = [network.first for network in networks]
        self._arguments = (
            torch.stack([network.weights[0] for network in networks]).contiguous().detach().numpy(),
            stacked([network.weights[1:-1] for network in networks]),
            stacked([[bias[:, 0] for bias in network.biases[:-1]] for network in networks]),
            torch.stack([network.weights[-1] for network in networks]).contiguous().detach().numpy(),
            torch.stack([network.biases[-1][..., 0] for network in networks]).contiguous().detach().numpy(),
            np.array(networks[0].known),
            np.array([network.order for network in networks]),
            _F4(least_scale),
        )

    def __call__(self, noise: Tensor, seen: Sequence[Tensor]) -> Tensor:
        """Return the coordinates before all transforms, shape (N, draws, d), of noise of that shape.

        Args:
            seen: what the first layer of each network gets from the context, shape (units, N).
        """
        of_units = torch.stack([each[units].T for each, units in zip(seen, self._units, strict=True)]).contiguous()
        arguments = noise.contiguous().numpy(), of_units.numpy(), *self._arguments
        return torch.from_numpy(on_threads(_invert_alone, _invert_together, *arguments))
