"""sbi's masked autoregressive flow, evaluated with fewer, larger and cheaper operations.

The same weights, the same density (Papamakarios et al. 2017), but

- the contexts of all transforms are projected at once, and all masks are applied at once;
- the units are logistic functions, of which tanh is a linear one, tanh(a) = 2 sigmoid(2 a) - 1: they cost a third;
- the permutations between transforms are folded into their weights: coordinates stay in their places;
- samples are columns, so that what is split is contiguous;
- gradients are written out: autograd sees the flow as one operation.
"""

import math
from typing import NamedTuple

import torch
from nflows.transforms import (
    MaskedAffineAutoregressiveTransform,
    PointwiseAffineTransform,
    RandomPermutation,
)
from nflows.transforms.made import MADE
from sbi.neural_nets.estimators import ConditionalDensityEstimator, NFlowsFlow
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

SEEN = 4  # what the logistic functions of the context are multiplied by in the first layer


def is_maf(estimator: ConditionalDensityEstimator) -> bool:
    """Return whether this module knows the estimator."""
    if not isinstance(estimator, NFlowsFlow):
        return False
    transforms = estimator.net._transform._transforms
    autoregressive = [part for part in transforms if isinstance(part, MaskedAffineAutoregressiveTransform)]
    return bool(autoregressive) and autoregressive[0].autoregressive_net.activation is torch.tanh


def log_prob(estimator: ConditionalDensityEstimator, theta: Tensor, context: Tensor) -> Tensor:
    """Return ln q(theta | context), shape (..., N), of theta, shape (..., N, 5), and contexts, shape (N, features).

    Args:
        estimator: that sbi built as 'maf'.
    """
    flow = parts(estimator)
    standardise = flow.standardise
    z = (theta * standardise._scale + standardise._shift).movedim(-1, 0).flatten(1)
    seen, draws = flow.seen(context), z.shape[1] // len(context)
    seen = seen if draws == 1 else seen.repeat(1, 1, draws)
    log_q = _LogDensity.apply(z, seen, flow.least_scale, *flow.layers())
    constant = standardise._scale.log().sum() - len(z) * math.log(2 * math.pi) / 2
    return (log_q + constant).reshape(theta.shape[:-1])


class MafParts(NamedTuple):
    """What the flow is made of, in the order from theta to noise."""

    standardise: PointwiseAffineTransform
    networks: list[MADE]
    permutations: list[RandomPermutation]
    least_scale: float

    def seen(self, context: Tensor) -> Tensor:
        """Return the logistic functions of contexts of shape (N, features), shape (transforms, units, N)."""
        weight = torch.cat([network.context_layer.weight for network in self.networks])
        bias = torch.cat([network.context_layer.bias for network in self.networks])
        projected = torch.addmm(2 * bias[:, None], 2 * weight, context.T)
        return torch.sigmoid(projected).unflatten(0, (len(self.networks), -1))

    def orders(self) -> Tensor:
        """Return which coordinates each transform's places and the noise's stand for, shape (transforms + 1, 5)."""
        permutations = [permutation._permutation for permutation in self.permutations]
        orders = [torch.arange(len(permutations[0]), device=permutations[0].device)]
        for permutation in permutations:
            orders.append(orders[-1][permutation])
        return torch.stack(orders)

    def layers(self) -> list[Tensor]:
        """Yield weights, (transforms, outputs, inputs), and biases, (transforms, outputs, 1), layer by layer.

        They are masked, and for logistic functions in place of tanh. The last layer has first all scales as outputs,
        then all shifts; coordinates are in the order of the first transform.
        """
        places = self.orders()[:-1].argsort()
        alike = zip(
            *[[net.initial_layer, *(block.linear for block in net.blocks), net.final_layer] for net in self.networks],
            strict=True,
        )
        stacked = [
            (
                torch.stack([layer.weight for layer in layers]) * layers[0].mask,  # the same in all networks
                torch.stack([layer.bias for layer in layers])[..., None],
            )
            for layers in alike
        ]
        (first_weight, first_bias), *others, (last_weight, last_bias) = stacked
        first_weight = first_weight.take_along_dim(places[:, None], 2)
        last_weight, last_bias = (
            part.unflatten(1, (-1, 2)).take_along_dim(places[..., None, None], 1).transpose(1, 2).flatten(1, 2)
            for part in (last_weight, last_bias)
        )
        layers = [2 * first_weight, 2 * first_bias - 2]
        for weight, bias in others:
            layers += [4 * weight, 2 * (bias - weight.sum(2, keepdim=True))]
        return [*layers, 2 * last_weight, last_bias - last_weight.sum(2, keepdim=True)]


def parts(estimator: ConditionalDensityEstimator) -> MafParts:
    """Return the parts of a flow that sbi built as 'maf'."""
    standardise, *others = estimator.net._transform._transforms
    transforms: list[MaskedAffineAutoregressiveTransform] = others[::2]
    networks = [transform.autoregressive_net for transform in transforms]
    return MafParts(standardise, networks, others[1::2], transforms[0]._epsilon)


class _LogDensity(torch.autograd.Function):
    """ln q of standardised coordinates, shape (M,), but for a constant.

    Its arguments are the coordinates, shape (5, M), the logistic functions of the contexts, (transforms, units, M), the
    least scale, and the layers.
    """

    @staticmethod
    def forward(ctx, z: Tensor, seen: Tensor, least_scale: float, *layers: Tensor) -> Tensor:
        log_q = z.new_zeros(z.shape[1])
        kept = []
        for context, *parts in zip(seen, *layers, strict=True):
            kept.append(hidden := z)
            *hidden_layers, (last_weight, last_bias) = list(zip(parts[::2], parts[1::2], strict=True))
            for layer, (weight, bias) in enumerate(hidden_layers):
                hidden = torch.addmm(bias, weight, hidden)
                if layer == 0:
                    hidden.add_(context, alpha=SEEN)
                kept.append(hidden.sigmoid_())
            logit, shift = torch.addmm(last_bias, last_weight, hidden).chunk(2)
            scale = nn.functional.softplus(logit) + least_scale
            kept += [logit, scale]
            log_q += scale.log().sum(0)
            z = torch.addcmul(shift, scale, z)
        ctx.save_for_backward(z, *layers[::2], *kept)
        ctx.layers = len(layers) // 2
        return log_q - z.square().sum(0) / 2

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor) -> tuple[Tensor | None, ...]:
        z, *saved = ctx.saved_tensors
        weights, kept = saved[: ctx.layers], saved[ctx.layers :]
        each = ctx.layers + 2  # inputs of all layers, logit and scale
        transforms = len(kept) // each
        weight_grads = [torch.empty_like(weight) for weight in weights]
        bias_grads = [weight.new_empty(*weight.shape[:2], 1) for weight in weights]
        seen_grad = z.new_empty(transforms, weights[0].shape[1], z.shape[1])
        by_transform = list(
            zip(*(part.unbind() for part in (seen_grad, *weights, *weight_grads, *bias_grads)), strict=True)
        )
        z_grad = -z * grad
        for transform in reversed(range(transforms)):
            into_seen, *of_layers = by_transform[transform]
            *inputs, logit, scale = kept[each * transform : each * (transform + 1)]
            scale_grad = torch.addcmul(grad / scale, z_grad, inputs[0])
            upstream = torch.cat([scale_grad.mul_(torch.sigmoid(logit)), z_grad])
            for layer in reversed(range(ctx.layers)):
                weight, into_weight, into_bias = of_layers[layer :: ctx.layers]
                torch.mm(upstream, inputs[layer].T, out=into_weight)
                torch.sum(upstream, 1, keepdim=True, out=into_bias)
                downstream = weight.T @ upstream
                if layer:
                    upstream = torch.ops.aten.sigmoid_backward(downstream, inputs[layer])
            torch.mul(upstream, SEEN, out=into_seen)
            z_grad = torch.addcmul(downstream, z_grad, scale)
        layer_grads = [part for both in zip(weight_grads, bias_grads, strict=True) for part in both]
        return z_grad, seen_grad, None, *layer_grads
