"""Draws from masked autoregressive flows, every unit of whose networks is evaluated once.

Such a flow is inverted one coordinate after the other (Papamakarios et al. 2017). sbi's samplers evaluate the whole
network of a transform anew for each coordinate of each draw. But a unit that depends on the context alone is the same
for all draws of a galaxy, and one that depends on the first coordinates too is known as soon as they are.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import torch
from sbi.neural_nets.estimators import ConditionalDensityEstimator, NFlowsFlow, ZukoFlow
from torch import Tensor, nn
from zuko.flows.autoregressive import MaskedAutoregressiveTransform
from zuko.nn import MaskedLinear
from zuko.transforms import MonotonicRQSTransform
from zuko.utils import unpack

from digs.flows.fast import maf_density as maf
from digs.flows.fast.masked_inverse import MaskedNetwork

Transform = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Sampler:
    """A function that turns normal numbers, (N, draws, d), and contexts, (N, features), into draws.

    It is the estimator's own transform of these numbers, with the weights that the estimator had. Contexts may be more
    than N; if same_in_any_company, draws are the same to the bit for any N if the number of contexts is the same.
    """

    transform: Transform
    same_in_any_company: bool = False

    def __call__(self, noise: Tensor, context: Tensor) -> Tensor:
        """Return draws, shape (N, draws, d)."""
        if not self.same_in_any_company:
            context = context[: len(noise)]
        return self.transform(noise, context)


def sampler(estimator: ConditionalDensityEstimator) -> Sampler:
    """Return what draws from an estimator, with the weights that it has now."""
    if maf.is_maf(estimator):
        return _maf_sampler(estimator)
    if _is_autoregressive(estimator):
        return _zuko_sampler(estimator)
    return _plain_sampler(estimator)


def _plain_sampler(estimator: ConditionalDensityEstimator) -> Sampler:
    """By the estimator's own inverse."""

    def draw(noise: Tensor, context: Tensor) -> Tensor:
        repeated = context.repeat_interleave(noise.shape[1], 0)
        if isinstance(estimator, ZukoFlow):
            draws = estimator.net(repeated).transform.inv(noise.flatten(0, 1))
        else:
            draws, _ = estimator.net._transform.inverse(noise.flatten(0, 1), context=repeated)
        return draws.reshape(noise.shape)

    return Sampler(draw)


def _is_autoregressive(estimator: ConditionalDensityEstimator) -> bool:
    """Whether it is one of zuko's flows with masked networks of plain layers."""
    if not isinstance(estimator, ZukoFlow):
        return False
    transforms = estimator.net.transform.transforms[1:]
    return all(
        isinstance(transform, MaskedAutoregressiveTransform)
        and transform.order is not None
        and transform.passes == len(transform.order)
        and all(isinstance(part, MaskedLinear | nn.ReLU) for part in transform.hyper)
        for transform in transforms
    )


class _ZukoTransform:
    """The inverse of one of zuko's transforms."""

    def __init__(self, transform: MaskedAutoregressiveTransform):
        layers = [part for part in transform.hyper if isinstance(part, MaskedLinear)]
        first, *weights = [layer.weight * layer.mask for layer in layers]
        self.bias, *biases = [layer.bias for layer in layers]
        self.transform, coordinates = transform, len(transform.order)
        self.context_weight = first[:, coordinates:]
        order = transform.order.argsort().tolist()
        self.network = MaskedNetwork(order, [first[:, :coordinates], *weights], biases, torch.relu_)

    def seen(self, context: Tensor) -> Tensor:
        return torch.addmm(self.bias[:, None], self.context_weight, context.T)

    def invert(self, noise: Tensor, context: Tensor) -> Tensor:
        return self.network.invert(self.seen(context), noise, self._univariate)

    def _univariate(self, parameters: Tensor, noise: Tensor) -> Tensor:
        found = self._inverse(parameters, noise)
        there = found.isfinite()
        if there.all():
            return found
        # a spline's inverse is the root of a quadratic, whose discriminant may be negative by rounding
        return torch.where(there, found, self._inverse(parameters.double(), noise.double()).to(found))

    def is_spline(self) -> bool:
        """Whether it is one that spline_compiled knows."""
        units = {len(weight) for weight in self.network.weights[:-1]}
        return getattr(self.transform.univariate, "func", None) is MonotonicRQSTransform and len(units) == 1

    def _inverse(self, parameters: Tensor, noise: Tensor) -> Tensor:
        transform = self.transform
        return transform.univariate(*unpack(parameters.movedim(0, -1), transform.shapes)).inv(noise)


def _zuko_sampler(estimator: ZukoFlow) -> Sampler:
    standardise, *others = estimator.net.transform.transforms
    transforms = [_ZukoTransform(other) for other in reversed(others)]

    def draw(noise: Tensor, context: Tensor) -> Tensor:
        z = noise.movedim(-1, 0)
        for transform in transforms:
            z = transform.invert(z, context)
        return standardise().inv(z.movedim(0, -1))

    def draw_compiled(noise: Tensor, context: Tensor) -> Tensor:
        return standardise().inv(inverse(noise, [transform.seen(context) for transform in transforms]))

    first = transforms[0]
    options = [getattr(each.transform.univariate, "keywords", None) for each in transforms]
    alike = all(each.is_spline() for each in transforms) and all(each == options[0] for each in options)
    if not alike or first.bias.dtype != torch.float32 or first.bias.device.type != "cpu":
        return Sampler(draw)
    from digs.flows.fast.spline_compiled import CompiledSplines  # takes a second, and only this needs it

    plain = inspect.signature(MonotonicRQSTransform).parameters
    bound, slope = (options[0].get(name, plain[name].default) for name in ("bound", "slope"))
    inverse = CompiledSplines([each.network for each in transforms], bound, slope)
    return Sampler(draw_compiled, same_in_any_company=True)


def _maf_network(order: list[int], weights: list[Tensor], biases: list[Tensor]) -> MaskedNetwork:
    """Of the layers of one of maf's transforms, whose last one has all scales first and then all shifts."""
    last_weight, last_bias = (
        part[-1].unflatten(0, (2, -1)).transpose(0, 1).flatten(0, 1) for part in (weights, biases)
    )
    return MaskedNetwork(
        order, [*weights[:-1], last_weight], [*(b[:, 0] for b in biases[:-1]), last_bias[:, 0]], torch.sigmoid_
    )


def _maf_sampler(estimator: NFlowsFlow) -> Sampler:
    parts = maf.parts(estimator)
    layers = parts.layers()
    weights, (first_bias, *biases) = layers[::2], layers[1::2]
    *orders, noise_order = parts.orders()
    networks = [
        _maf_network(order.tolist(), [weight[place] for weight in weights], [bias[place] for bias in biases])
        for place, order in reversed(list(enumerate(orders)))
    ]
    noise_places = noise_order.argsort()
    standardise = parts.standardise

    def seen_by(context: Tensor) -> list[Tensor]:
        seen = torch.add(first_bias, parts.seen(context), alpha=maf.SEEN)
        return list(reversed(seen.unbind()))

    def univariate(parameters: Tensor, noise: Tensor) -> Tensor:
        logit, shift = parameters
        return (noise - shift) / (nn.functional.softplus(logit) + parts.least_scale)

    def draw(noise: Tensor, context: Tensor) -> Tensor:
        z = noise.movedim(-1, 0)[noise_places]
        for network, seen in zip(networks, seen_by(context), strict=True):
            z = network.invert(seen, z, univariate)
        return (z.movedim(0, -1) - standardise._shift) / standardise._scale

    def draw_compiled(noise: Tensor, context: Tensor) -> Tensor:
        z = inverse(noise[..., noise_places], seen_by(context))
        return (z - standardise._shift) / standardise._scale

    if first_bias.dtype != torch.float32 or first_bias.device.type != "cpu":
        return Sampler(draw)
    from digs.flows.fast.maf_compiled import CompiledInverse  # takes a second, and only this needs it

    inverse = CompiledInverse(networks, parts.least_scale)
    return Sampler(draw_compiled, same_in_any_company=True)
