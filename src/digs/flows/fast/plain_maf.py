"""A masked autoregressive flow as plain arrays: density, inverse, and nothing of sbi or nflows in them.

Papamakarios et al. (2017), as nflows 0.14 has it and sbi builds it. In the direction of the density, y = scale theta +
shift standardises theta. Then come transforms, each followed by a permutation of the coordinates:

    h = tanh(W1 y + b1 + tanh(Wc c + bc)),  h <- tanh(W h + b) for each hidden layer,  (a, m) = W2 h + b2,
    y <- (softplus(a) + least) y + m,

with W1, W, W2 masked, so that (a, m) of a coordinate depend on those before it. c is the standardised context. What
comes out is standard normal.
"""

import math
from dataclasses import dataclass, fields

import numpy as np
import torch
from sbi.neural_nets import posterior_nn
from torch import Tensor
from torch.nn.functional import softplus

from digs.flows.fast import maf_density

LEAST_SCALE = 1e-3  # of nflows


@dataclass(frozen=True)
class PlainMaf:
    """The arrays of a flow of d coordinates and T transforms with U units in each of L hidden layers.

    shift, scale: (d,); mean, std: of the context, (C,).
    context_weight, (T, U, C), first_weight, (T, U, d), hidden_weight, (T, L, U, U), last_weight, (T, 2 d, U): masked;
        context_bias, (T, U), first_bias, (T, U), hidden_bias, (T, L, U), last_bias, (T, 2 d). The last layer has scale
        and shift of the first coordinate, then those of the second, ...
    permutation: (T, d).

    Example:
        >>> import torch
        >>> from digs.flows.fast.plain_maf import PlainMaf
        >>> theta, context = torch.randn(2, 100, 3, generator=torch.Generator().manual_seed(1))
        >>> flow = PlainMaf.untrained(theta, context, units=8, transforms=2, seed=1)
        >>> noise, log_q = flow.forward(theta, context)
        >>> torch.allclose(flow.inverse(noise, context), theta, atol=1e-4)
        True
    """

    shift: Tensor
    scale: Tensor
    mean: Tensor
    std: Tensor
    context_weight: Tensor
    context_bias: Tensor
    first_weight: Tensor
    first_bias: Tensor
    hidden_weight: Tensor
    hidden_bias: Tensor
    last_weight: Tensor
    last_bias: Tensor
    permutation: Tensor

    @classmethod
    def untrained(cls, theta: Tensor, context: Tensor, units: int, transforms: int, seed: int) -> "PlainMaf":
        """Return the flow that sbi's posterior_nn("maf") makes of examples, (N, d) and (N, C), with its first weights.

        It standardises both, coordinate by coordinate.
        """
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            build = posterior_nn(
                "maf", hidden_features=units, num_transforms=transforms, z_score_theta="independent", z_score_x="none"
            )
            parts = maf_density.parts(build(theta, (context - context.mean(0)) / context.std(0)))
        networks = parts.networks

        def stacked(layers: list[torch.nn.Linear]) -> tuple[Tensor, Tensor]:
            weights = [layer.weight * getattr(layer, "mask", 1) for layer in layers]
            return torch.stack(weights).detach(), torch.stack([layer.bias for layer in layers]).detach()

        hidden = [stacked([block.linear for block in network.blocks]) for network in networks]
        standardise, size = parts.standardise, theta.shape[1]
        return cls(
            standardise._shift.expand(size).clone(),
            standardise._scale.expand(size).clone(),
            context.mean(0),
            context.std(0),
            *stacked([network.context_layer for network in networks]),
            *stacked([network.initial_layer for network in networks]),
            *(torch.stack(each) for each in zip(*hidden, strict=True)),
            *stacked([network.final_layer for network in networks]),
            torch.stack([permutation._permutation for permutation in parts.permutations]),
        )

    @classmethod
    def of_arrays(cls, arrays: dict[str, np.ndarray]) -> "PlainMaf":
        """Return the flow whose arrays these are, by name."""
        return cls(**{field.name: torch.as_tensor(arrays[field.name]) for field in fields(cls)})

    def arrays(self) -> dict[str, np.ndarray]:
        """Return its arrays by name."""
        return {field.name: getattr(self, field.name).numpy() for field in fields(self)}

    def double(self) -> "PlainMaf":
        """Return the same in double precision."""
        tensors = {field.name: getattr(self, field.name) for field in fields(self)}
        return PlainMaf(**{name: each.double() if each.is_floating_point() else each for name, each in tensors.items()})

    def forward(self, theta: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """Return noise, (..., d), and ln q(theta | context), (...), of theta, (..., d), and contexts, (..., C)."""
        y, seen = theta * self.scale + self.shift, self._seen(context)
        log_q = self.scale.log().sum() - len(self.scale) * math.log(2 * math.pi) / 2
        for number, order in enumerate(self.permutation):
            scale, move = self._scale_and_move(number, y, seen[number])
            log_q = log_q + scale.log().sum(-1)
            y = (scale * y + move)[..., order]
        return y, log_q - y.square().sum(-1) / 2

    def log_prob(self, theta: Tensor, context: Tensor, at_once: int = 20_000) -> Tensor:
        """Return ln q(theta | context), (N,), of theta, (N, d), and contexts, (N, C)."""
        parts = zip(theta.split(at_once), context.split(at_once), strict=True)
        return torch.cat([self.forward(*part)[1] for part in parts])

    def inverse(self, noise: Tensor, context: Tensor) -> Tensor:
        """Return theta, (N, ..., d), of standard normal noise of that shape and contexts, (N, C)."""
        z, between = noise, (1,) * (noise.ndim - 2)
        seen = self._seen(context)
        seen = seen.reshape(*seen.shape[:2], *between, seen.shape[2])
        for number in reversed(range(len(self.permutation))):
            z = z[..., self.permutation[number].argsort()]
            y = torch.zeros_like(z)
            for _ in self.scale:  # each pass makes one more coordinate right
                scale, move = self._scale_and_move(number, y, seen[number])
                y = (z - move) / scale
            z = y
        return (z - self.shift) / self.scale

    def _seen(self, context: Tensor) -> Tensor:
        """What the first layers get from contexts, (T, ..., U)."""
        standard = (context - self.mean) / self.std
        return torch.stack(
            [torch.tanh(standard @ w.T + b) for w, b in zip(self.context_weight, self.context_bias, strict=True)]
        )

    def _scale_and_move(self, number: int, y: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        h = torch.tanh(y @ self.first_weight[number].T + self.first_bias[number] + seen)
        for weight, bias in zip(self.hidden_weight[number], self.hidden_bias[number], strict=True):
            h = torch.tanh(h @ weight.T + bias)
        scale, move = (h @ self.last_weight[number].T + self.last_bias[number]).unflatten(-1, (-1, 2)).unbind(-1)
        return softplus(scale) + LEAST_SCALE, move
