"""Masked networks (Germain et al. 2015) whose inverse evaluates every unit once.

A unit may be evaluated as soon as the coordinates are known that it depends on. Which these are shows in the weights
that are masked.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor


class MaskedNetwork:
    """The network of one transform, its units sorted by what they wait for.

    The stage of a unit is the number of coordinates, in the transform's order, that it has to know; it is 0 for units
    that depend on the context alone.

    Args:
        order: of the coordinates, each of which depends on those before it.
        weights: masked, of one layer after the other, shape (outputs, inputs). The inputs of the first are the
            coordinates; the outputs of the last are the parameters of the first coordinate, those of the second, ...
        biases: of all layers but the first, shape (outputs,).
        activation: of hidden layers; it may work in place.
    """

    def __init__(
        self,
        order: Sequence[int],
        weights: Sequence[Tensor],
        biases: Sequence[Tensor],
        activation: Callable[[Tensor], Tensor],
    ):
        self.order, self.activation = list(order), activation
        coordinates = len(self.order)
        inputs = torch.as_tensor(self.order, device=weights[0].device)  # as they are sorted
        stage = torch.arange(coordinates, device=inputs.device) + 1
        self.weights, self.biases = [], []
        self.known = [list(range(coordinates))]  # of each layer's inputs, how many at each stage
        for weight, bias in zip(weights[:-1], [None, *biases[:-1]], strict=True):
            weight = weight[:, inputs]
            unsorted = ((weight != 0) * stage).amax(1)
            inputs = unsorted.argsort(stable=True)
            stage = unsorted[inputs]
            self.known.append([int((stage <= number).sum()) for number in range(coordinates)])
            self.weights.append(weight[inputs])
            if bias is None:
                self.first = inputs  # the units of the first layer, sorted
            else:
                self.biases.append(bias[inputs, None])
        self.weights.append(weights[-1][:, inputs].unflatten(0, (coordinates, -1))[self.order])
        self.biases.append(biases[-1].unflatten(0, (coordinates, -1))[self.order, :, None])

    def alike(self, seen: Tensor) -> list[Tensor]:
        """Return what is the same for all draws of a galaxy: of each layer, what it adds to that of later stages.

        Args:
            seen: as of invert.
        Returns:
            tensors of shape (units, N), and the last one, of the parameters, (d, parameters, N).
        """
        shares = [seen[self.first]]
        for weight, bias, (alike, *_) in zip(self.weights[1:], self.biases, self.known[1:], strict=True):
            hidden = self.activation(shares[-1][:alike].clone())
            shares.append(torch.matmul(weight[..., :alike], hidden) + bias)
        return shares

    def invert(self, seen: Tensor, noise: Tensor, univariate: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
        """Return the coordinates before the transform of those behind it, both of shape (d, N, draws).

        Args:
            seen: what the first layer gets from the context, shape (units, N).
            univariate: a coordinate, shape (N, draws), of its parameters, (parameters, N, draws or 1), and its noise.
        """
        *shares, last_share = self.alike(seen)
        draws = noise.shape[1:]
        coordinates = {self.order[0]: univariate(last_share[0][..., None], noise[self.order[0]])}
        hidden = [noise.new_empty(0, draws.numel()) for _ in self.weights]  # of each layer's inputs, those of a draw
        for stage, coordinate in enumerate(self.order[1:], start=1):
            fresh = coordinates[self.order[stage - 1]].reshape(1, -1)
            for layer, share in enumerate(shares):
                hidden[layer] = torch.cat([hidden[layer], fresh])
                rows = slice(*self.known[layer + 1][stage - 1 : stage + 1])
                fresh = self.activation(self._sum(layer, self.weights[layer][rows], hidden[layer], share[rows], draws))
                fresh = fresh.flatten(1)
            hidden[-1] = torch.cat([hidden[-1], fresh])
            parameters = self._sum(-1, self.weights[-1][stage], hidden[-1], last_share[stage], draws)
            coordinates[coordinate] = univariate(parameters, noise[coordinate])
        return torch.stack([coordinates[place] for place in range(len(noise))])

    def _sum(self, layer: int, weight: Tensor, hidden: Tensor, share: Tensor, draws: torch.Size) -> Tensor:
        """Of some units of a layer, shape (units, N, draws)."""
        alike = self.known[layer][0]
        each = torch.mm(weight[:, alike : alike + len(hidden)], hidden)
        return each.unflatten(1, draws).add_(share[..., None])
