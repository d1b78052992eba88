"""Draws of autoregressive flows of rational-quadratic splines together with their density, in one pass.

Each spline (Durkan et al. 2019, as zuko parametrises it) is inverted by compiled code, where its slope is at hand: the
density of a draw is that of its noise times all slopes. By zuko it would take a second pass through all networks.
"""

import inspect
import math

import numpy as np
import torch
from sbi.neural_nets.estimators import ZukoFlow
from torch import Tensor, nn
from zuko.nn import MaskedLinear
from zuko.transforms import MonotonicRQSTransform

from digs.base.compilation import compiled_strictly
from digs.flows.fast.masked_inverse import MaskedNetwork


@compiled_strictly
def _undo(widths, heights, slopes, bound, noise, found, log_slope):
    """Fill in what splines take to noise, shape (draws,), and add ln of their slopes there.

    widths, heights: of the bins in any unit, shape (bins, draws); slopes: between bins, (bins - 1, draws).
    """
    bins = len(widths)
    for b in range(len(noise)):
        across = up = 0.0
        for k in range(bins):
            across += widths[k, b]
            up += heights[k, b]
        across, up, y = 2 * bound / across, 2 * bound / up, np.float64(noise[b])
        if not abs(y) < bound:  # where splines are the identity; what is no number stays none
            found[b] = y + 0 * (across + up)
            continue
        k, left, low, height = 0, -bound, -bound, heights[0, b] * up
        while k < bins - 1 and low + height < y:
            left, low = left + widths[k, b] * across, low + height
            k += 1
            height = heights[k, b] * up
        width = widths[k, b] * across
        before = np.float64(slopes[k - 1, b]) if k > 0 else 1.0
        after = np.float64(slopes[k, b]) if k < bins - 1 else 1.0
        mean, climb = height / width, y - low
        bend = before + after - 2 * mean
        quadratic, linear = height * (mean - before) + climb * bend, height * before - climb * bend
        place = 2 * mean * climb / (linear + math.sqrt(max(linear * linear + 4 * quadratic * mean * climb, 0.0)))
        rest = 1 - place
        found[b] = left + width * place
        rise = mean * mean * (2 * mean * place * rest + before * rest * rest + after * place * place)
        log_slope[b] += math.log(rise / (mean + bend * place * rest) ** 2)


class _Splines:
    """One of zuko's transforms by splines, whose network is evaluated once."""

    def __init__(self, transform: nn.Module):
        first, *others = [part for part in transform.hyper if isinstance(part, MaskedLinear)]
        order, weight = transform.order.argsort(), first.weight * first.mask
        self._bias, self._context_weight = first.bias, weight[:, len(order) :]
        weights = [weight[:, : len(order)], *(part.weight * part.mask for part in others)]
        self._network = MaskedNetwork(order.tolist(), weights, [part.bias for part in others], torch.relu_)
        defaults = inspect.signature(MonotonicRQSTransform).parameters
        options = {name: defaults[name].default for name in ("bound", "slope")} | transform.univariate.keywords
        self._bound, self._bins = options["bound"], transform.shapes[0][0]
        self._steepness = first.bias.new_full((3 * self._bins - 1, 1), 2 / math.log(options["slope"]))
        self._steepness[2 * self._bins :] /= 2  # widths and heights have twice that of slopes

    def undo(self, noise: Tensor, context: Tensor, log_slope: np.ndarray) -> Tensor:
        """Coordinates before the transform of those behind it, both (d, 1, draws); adds to ln of the slopes."""

        def univariate(parameters: Tensor, behind: Tensor) -> Tensor:
            raw = parameters[:, 0].expand(-1, behind.shape[-1])
            limit = (raw * self._steepness).abs_().add_(1)
            parts = torch.div(raw, limit, out=limit).exp_().numpy()
            found = torch.empty_like(behind)
            bins = parts[: self._bins], parts[self._bins : 2 * self._bins], parts[2 * self._bins :]
            _undo(*bins, self._bound, behind[0].numpy(), found[0].numpy(), log_slope)
            return found

        seen = torch.addmm(self._bias[:, None], self._context_weight, context.T)
        return self._network.invert(seen, noise, univariate)


class SplineFlow:
    """Draws of one context and their density.

    Args:
        estimator: one of zuko's neural spline flows on the CPU, with the weights that it has now.

    Example:
        >>> import torch
        >>> from digs.config.model import Architecture
        >>> from digs.flows.estimator import build_estimator
        >>> from digs.flows.fast.spline_flow import SplineFlow
        >>> small = Architecture(density_estimator="zuko_nsf", num_bins=4, hidden_features=8, num_transforms=2)
        >>> flow = SplineFlow(build_estimator(small, torch.randn(50, 3), torch.randn(50, 5)))
        >>> y, log_q = flow(torch.randn(7, 3), torch.randn(5))
        >>> y.shape, log_q.shape
        (torch.Size([7, 3]), torch.Size([7]))
    """

    def __init__(self, estimator: ZukoFlow):
        self._standardise, *others = estimator.net.transform.transforms
        self._transforms = [_Splines(other) for other in reversed(others)]

    @torch.no_grad()
    def __call__(self, noise: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """Return draws, shape (draws, d), and ln of their density, shape (draws,), float64.

        Args:
            noise: standard normal numbers, shape (draws, d).
            context: what the flow sees, shape (features,).
        """
        z = noise.T.contiguous()[:, None]
        log_slope = np.zeros(len(noise))
        for transform in self._transforms:
            z = transform.undo(z, context[None], log_slope)
        standardise = self._standardise()
        y = standardise.inv(z[:, 0].T)
        scale = standardise.call_and_ladj(y)[1].double().sum(1)
        log_noise = -(noise.double() ** 2 + math.log(2 * math.pi)).sum(1) / 2
        return y, log_noise + torch.from_numpy(log_slope) + scale
