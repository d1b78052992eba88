"""Training a masked autoregressive flow on small batches, by compiled code.

A step on 50 pairs is some hundred operations on small matrices; in torch each costs more to call than to compute. Here
a step is one call of compiled code: the flow of digs.flows.fast.plain_maf forwards, its gradient backwards, the
gradient clipped by its norm, and Adam (Kingma & Ba 2015), all in single precision.
"""

import math
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from digs.base.compilation import compiled
from digs.flows.fast.plain_maf import LEAST_SCALE, PlainMaf

WEIGHTS = (
    "context_weight",
    "context_bias",
    "first_weight",
    "first_bias",
    "hidden_weight",
    "hidden_bias",
    "last_weight",
    "last_bias",
)
MASKED = ("first_weight", "hidden_weight", "last_weight")
_F4 = np.float32
_BETA1, _BETA2, _EPSILON = _F4(0.9), _F4(0.999), _F4(1e-8)  # of Adam, as torch has them
_LEAST, _ONE, _HALF, _TWO, _ZERO = _F4(LEAST_SCALE), _F4(1), _F4(0.5), _F4(2), _F4(0)

# tanh as a rational function of x, |x| < 7.9, to a few units in the last place (Eigen's generic_fast_tanh_float)
_END = _F4(7.9)
_A1, _A3, _A5 = _F4(4.89352455891786e-3), _F4(6.37261928875436e-4), _F4(1.48572235717979e-5)
_A7, _A9, _A11 = _F4(5.12229709037114e-8), _F4(-8.60467152213735e-11), _F4(2.00018790482477e-13)
_A13 = _F4(-2.76076847742355e-16)
_B0, _B2, _B4 = _F4(4.89352518554385e-3), _F4(2.26843463243900e-3), _F4(1.18534705686654e-4)
_B6 = _F4(1.19825839466702e-6)


@compiled
def tanh_in_place(block):
    """The hyperbolic tangent of an array of two axes, in its place."""
    flat = block.reshape(-1)
    for i in range(flat.size):
        x = min(max(flat[i], -_END), _END)
        s = x * x
        p = _A1 + s * (_A3 + s * (_A5 + s * (_A7 + s * (_A9 + s * (_A11 + s * _A13)))))
        flat[i] = x * p / (_B0 + s * (_B2 + s * (_B4 + s * _B6)))


@compiled
def _add_bias(bias, block):
    for i in range(block.shape[0]):
        for b in range(block.shape[1]):
            block[i, b] += bias[i]


@compiled
def _row_sums(block, total):
    for i in range(block.shape[0]):
        one = _ZERO
        for b in range(block.shape[1]):
            one += block[i, b]
        total[i] = one


@compiled
def _through_tanh(upstream, out):
    """Multiply a gradient by the derivative of tanh, whose value is out."""
    for i in range(out.shape[0]):
        for b in range(out.shape[1]):
            upstream[i, b] *= _ONE - out[i, b] * out[i, b]


@compiled
def loss_and_gradient(y, context, weights, gradient, places, sizes, permutation, each):
    """Write the gradient of the mean of -ln q, but for a constant, and return that mean.

    y: standardised coordinates, (d, B); context: standardised, (B, C).
    weights, gradient: all in one row, in the order of WEIGHTS, whose first places are places.
    sizes: transforms, units, layers.
    each: whether to write only -ln q of each pair, to gradient's first B numbers.
    """
    transforms, units, layers = sizes
    d, pairs = y.shape
    wide = context.shape[1]
    p = places
    wc = weights[p[0] : p[1]].reshape(transforms * units, wide)
    bc = weights[p[1] : p[2]]
    w1 = weights[p[2] : p[3]].reshape(transforms, units, d)
    b1 = weights[p[3] : p[4]].reshape(transforms, units)
    wh = weights[p[4] : p[5]].reshape(transforms, layers, units, units)
    bh = weights[p[5] : p[6]].reshape(transforms, layers, units)
    w2 = weights[p[6] : p[7]].reshape(transforms, 2 * d, units)
    b2 = weights[p[7] : p[8]].reshape(transforms, 2 * d)
    seen = np.dot(wc, context.T)
    _add_bias(bc, seen)
    tanh_in_place(seen)
    before = np.empty((transforms, d, pairs), dtype=np.float32)
    hidden = np.empty((transforms, layers + 1, units, pairs), dtype=np.float32)
    last = np.empty((transforms, 2 * d, pairs), dtype=np.float32)
    loss = np.zeros(pairs, dtype=np.float32)
    z = y.copy()
    for t in range(transforms):
        before[t] = z
        h = hidden[t]
        np.dot(w1[t], before[t], h[0])
        for u in range(units):
            for b in range(pairs):
                h[0, u, b] += b1[t, u] + seen[t * units + u, b]
        tanh_in_place(h[0])
        for layer in range(layers):
            np.dot(wh[t, layer], h[layer], h[layer + 1])
            _add_bias(bh[t, layer], h[layer + 1])
            tanh_in_place(h[layer + 1])
        np.dot(w2[t], h[layers], last[t])
        _add_bias(b2[t], last[t])
        for j in range(d):
            source = permutation[t, j]
            for b in range(pairs):
                a = last[t, 2 * source, b]
                scale = max(a, _ZERO) + np.log(_ONE + np.exp(-abs(a))) + _LEAST
                loss[b] -= np.log(scale)
                z[j, b] = scale * before[t, source, b] + last[t, 2 * source + 1, b]
    for j in range(d):
        for b in range(pairs):
            loss[b] += _HALF * z[j, b] * z[j, b]
    if each:
        gradient[:pairs] = loss
        return loss.mean()
    gc = gradient[p[0] : p[1]].reshape(transforms * units, wide)
    g1 = gradient[p[2] : p[3]].reshape(transforms, units, d)
    gb1 = gradient[p[3] : p[4]].reshape(transforms, units)
    gh = gradient[p[4] : p[5]].reshape(transforms, layers, units, units)
    gbh = gradient[p[5] : p[6]].reshape(transforms, layers, units)
    g2 = gradient[p[6] : p[7]].reshape(transforms, 2 * d, units)
    gb2 = gradient[p[7] : p[8]].reshape(transforms, 2 * d)
    share = _ONE / _F4(pairs)
    upstream = z * share
    through = np.empty((2 * d, pairs), dtype=np.float32)
    down = np.empty((units, pairs), dtype=np.float32)
    back = np.empty((units, pairs), dtype=np.float32)
    into = np.empty((d, pairs), dtype=np.float32)
    for t in range(transforms - 1, -1, -1):
        h = hidden[t]
        for j in range(d):
            source = permutation[t, j]
            for b in range(pairs):
                a, g = last[t, 2 * source, b], upstream[j, b]
                e = np.exp(-abs(a))
                scale = max(a, _ZERO) + np.log(_ONE + e) + _LEAST
                slope = (_ONE if a > _ZERO else e) / (_ONE + e)
                through[2 * source, b] = (g * before[t, source, b] - share / scale) * slope
                through[2 * source + 1, b] = g
                into[source, b] = g * scale
        np.dot(through, h[layers].T, g2[t])
        _row_sums(through, gb2[t])
        np.dot(w2[t].T, through, down)
        for layer in range(layers - 1, -1, -1):
            _through_tanh(down, h[layer + 1])
            np.dot(down, h[layer].T, gh[t, layer])
            _row_sums(down, gbh[t, layer])
            np.dot(wh[t, layer].T, down, back)
            down, back = back, down
        _through_tanh(down, h[0])
        np.dot(down, before[t].T, g1[t])
        _row_sums(down, gb1[t])
        upstream = np.dot(w1[t].T, down) + into
        of_context = seen[t * units : (t + 1) * units]  # which nobody needs after this
        for u in range(units):
            for b in range(pairs):
                of_context[u, b] = down[u, b] * (_ONE - of_context[u, b] * of_context[u, b])
    np.dot(seen, context, gc)
    _row_sums(seen, gradient[p[1] : p[2]])
    return loss.mean()


@compiled
def _steps(y, context, rows, batch, weights, moments, mask, places, sizes, permutation, rates, first, clip_norm):
    """One step for each batch of rows; the sum of the losses of all pairs."""
    gradient = np.zeros_like(weights)
    total, step = 0.0, first
    power1, power2 = 0.9**first, 0.999**first
    for start in range(0, len(rows), batch):
        some = rows[start : start + batch]
        mine = np.empty((y.shape[1], len(some)), dtype=np.float32)
        seen = np.empty((len(some), context.shape[1]), dtype=np.float32)
        for b in range(len(some)):
            mine[:, b] = y[some[b]]
            seen[b] = context[some[b]]
        total += loss_and_gradient(mine, seen, weights, gradient, places, sizes, permutation, False) * len(some)
        square = _ZERO
        for i in range(gradient.size):
            gradient[i] *= mask[i]
            square += gradient[i] * gradient[i]
        scale = min(_F4(clip_norm) / (np.sqrt(square) + _F4(1e-6)), _ONE)
        power1, power2 = power1 * 0.9, power2 * 0.999
        rate, root = _F4(rates[step - first] / (1 - power1)), _F4(1 / math.sqrt(1 - power2))
        for i in range(gradient.size):
            g = gradient[i] * scale
            moments[0, i] = _BETA1 * moments[0, i] + (_ONE - _BETA1) * g
            moments[1, i] = _BETA2 * moments[1, i] + (_ONE - _BETA2) * g * g
            weights[i] -= rate * moments[0, i] / (np.sqrt(moments[1, i]) * root + _EPSILON)
        step += 1
    return total


class MafTraining:
    """A flow in training: its weights and the state of Adam.

    Args:
        flow: to start from; it stays as it is.
        clip_norm: of the gradient.

    Example:
        >>> import torch
        >>> from digs.flows.fast.maf_training import MafTraining
        >>> from digs.flows.fast.plain_maf import PlainMaf
        >>> theta, noise = torch.randn(2, 1000, 2, generator=torch.Generator().manual_seed(1))
        >>> flow = PlainMaf.untrained(theta, theta + noise, units=8, transforms=2, seed=1)
        >>> training = MafTraining(flow, clip_norm=5.0)
        >>> y, context = training.standardised(theta, theta + noise)
        >>> losses = [training.steps(y, context, torch.randperm(1000), 50, [1e-3] * 20) for _ in range(5)]
        >>> losses[-1] < losses[0]
        True
    """

    def __init__(self, flow: PlainMaf, clip_norm: float):
        self._flow, self._clip_norm = flow, clip_norm
        tensors = [getattr(flow, name) for name in WEIGHTS]
        masks = [each != 0 if name in MASKED else each == each for name, each in zip(WEIGHTS, tensors, strict=True)]
        self.weights = torch.cat([each.flatten() for each in tensors]).float().numpy().copy()
        self._mask = torch.cat([each.flatten() for each in masks]).float().numpy()
        self._places = np.cumsum([0, *(each.numel() for each in tensors)])
        transforms, layers, units = flow.hidden_weight.shape[:3]
        self._sizes = (transforms, units, layers)
        self._permutation = flow.permutation.numpy()
        self.moments = np.zeros((2, self.weights.size), dtype=np.float32)
        self.taken = 0

    def standardised(self, theta: Tensor, context: Tensor) -> tuple[np.ndarray, np.ndarray]:
        """Return what steps takes, of theta, (N, d), and contexts, (N, C)."""
        y, seen = theta * self._flow.scale + self._flow.shift, (context - self._flow.mean) / self._flow.std
        return tuple(np.ascontiguousarray(each.numpy(), dtype=np.float32) for each in (y, seen))

    def steps(self, y: np.ndarray, context: np.ndarray, rows: Tensor, batch: int, rates: list[float]) -> float:
        """Take one step for each batch, and return the mean loss on the way.

        Args:
            y, context: standardised, (N, d) and (N, C).
            rows: in the order in which they are shown.
            batch: pairs in each step.
            rates: the learning rate of each step.
        """
        total = _steps(
            y,
            context,
            rows.numpy(),
            batch,
            self.weights,
            self.moments,
            self._mask,
            self._places,
            self._sizes,
            self._permutation,
            np.asarray(rates, dtype=float),
            self.taken,
            self._clip_norm,
        )
        self.taken += len(rates)
        return total / len(rows) + self._constant

    @property
    def _constant(self) -> float:
        """What the loss of steps lacks of -ln q(theta | context)."""
        return len(self._flow.scale) * math.log(2 * math.pi) / 2 - self._flow.scale.log().sum().item()

    def losses(self, y: np.ndarray, context: np.ndarray, at_once: int = 1000) -> np.ndarray:
        """Return -ln q(theta | context) of pairs, (N,)."""
        room, found = np.empty(max(at_once, self.weights.size), dtype=np.float32), []
        for start in range(0, len(y), at_once):
            some = np.ascontiguousarray(y[start : start + at_once].T)
            seen = context[start : start + at_once]
            loss_and_gradient(some, seen, self.weights, room, self._places, self._sizes, self._permutation, True)
            found.append(room[: len(seen)].copy())
        return np.concatenate(found) + _F4(self._constant)

    def flow(self, weights: np.ndarray | None = None) -> PlainMaf:
        """Return the flow with the weights that it has now, or with others of its kind."""
        parts = np.split((self.weights if weights is None else weights).copy(), self._places[1:-1])
        tensors = {
            name: torch.from_numpy(part).reshape(getattr(self._flow, name).shape)
            for name, part in zip(WEIGHTS, parts, strict=True)
        }
        return replace(self._flow, **tensors)
