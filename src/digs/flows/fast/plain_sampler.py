"""Draws from a plain flow (digs.flows.fast.plain_maf) by compiled code, which evaluates every unit once.

Its units become logistic functions, tanh(a) = 2 sigmoid(2 a) - 1, and its permutations are folded into the weights, as
digs.flows.fast.maf_compiled has it.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from digs.flows.fast.maf_compiled import CompiledInverse
from digs.flows.fast.masked_inverse import MaskedNetwork
from digs.flows.fast.plain_maf import LEAST_SCALE, PlainMaf


def plain_sampler(flow: PlainMaf) -> Callable[[Tensor, Tensor], Tensor]:
    """Return the function of noise, (N, draws, d), and contexts, (N, C), that is the inverse of a flow.

    A galaxy's draws are the same to the bit whatever the others are.

    Args:
        flow: of single precision.

    Example:
        >>> import torch
        >>> from digs.flows.fast.plain_maf import PlainMaf
        >>> from digs.flows.fast.plain_sampler import plain_sampler
        >>> theta, context = torch.randn(2, 100, 3, generator=torch.Generator().manual_seed(1))
        >>> flow = PlainMaf.untrained(theta, context, units=8, transforms=2, seed=1)
        >>> plain_sampler(flow)(torch.randn(100, 20, 3), context).shape
        torch.Size([100, 20, 3])
    """
    transforms, coordinates = flow.permutation.shape
    order, orders = torch.arange(coordinates), []
    for permutation in flow.permutation:
        orders.append(order)
        order = order[permutation]
    noise_places = order.argsort()
    inverse = CompiledInverse([_network(flow, t, orders[t]) for t in reversed(range(transforms))], LEAST_SCALE)

    def sample(noise: Tensor, context: Tensor) -> Tensor:
        alone = torch.cat([flow._seen(one) for one in context.split(1)], 1)  # rounding depends on what comes together
        seen = 2 * (flow.first_bias[:, None] + alone)
        z = inverse(noise[..., noise_places], [each.T for each in reversed(seen.unbind())])
        return (z - flow.shift) / flow.scale

    return sample


def _network(flow: PlainMaf, number: int, order: Tensor) -> MaskedNetwork:
    """The network of one transform, whose places stand for coordinates in an order."""
    places = order.argsort()
    hidden, hidden_bias = flow.hidden_weight[number], flow.hidden_bias[number]
    last, bias = (
        each[number].unflatten(0, (-1, 2))[places].flatten(0, 1) for each in (flow.last_weight, flow.last_bias)
    )
    weights = [2 * flow.first_weight[number][:, places], *(4 * hidden), 2 * last]
    biases = [*(2 * (hidden_bias - hidden.sum(2))), bias - last.sum(1)]
    return MaskedNetwork(order.tolist(), weights, biases, torch.sigmoid_)
