"""The flow of the general network: what it learns are probits in the unit cube of the prior, given a summary."""

import torch
from torch import Tensor, nn

from digs.config.model import Architecture
from digs.flows.estimator import build_estimator, log_prob
from digs.flows.fast.sampler import Transform, sampler
from digs.flows.features import residual_network


class GeneralFlow(nn.Module):
    """q(y | features), as of digs.inference.general.general_pairs.

    Args:
        architecture: of the estimator, with an embedding.
        learned: how many coordinates.
        features: how many features.
        example: of features, (N, features), to take the standardisation from; without, weights must be loaded.

    Example:
        >>> import torch
        >>> from digs.config.model import Architecture, Embedding
        >>> from digs.inference.general.general_flow import GeneralFlow
        >>> small = {"density_estimator": "zuko_nsf", "num_bins": 4, "hidden_features": 8, "num_transforms": 1}
        >>> architecture = Architecture(**small, embedding=Embedding(width=8, blocks=1, features=4))
        >>> flow = GeneralFlow(architecture, 7, 20, torch.randn(50, 20))
        >>> flow.log_prob(torch.randn(5, 30, 7), torch.randn(5, 20)).shape
        torch.Size([5, 30])
    """

    def __init__(self, architecture: Architecture, learned: int, features: int, example: Tensor | None = None):
        super().__init__()
        assert architecture.embedding is not None
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("std", torch.ones(features))
        if example is not None:
            self.mean.copy_(example.mean(0))
            self.std.copy_(example.std(0).clamp_min(1e-3))
        self.embedding = residual_network(features, architecture.embedding)
        standard = torch.randn(1000, learned, generator=torch.Generator().manual_seed(1))
        standard = (standard - standard.mean(0)) / standard.std(0)
        self.estimator = build_estimator(architecture, standard, torch.zeros(1000, architecture.embedding.features))

    def context(self, features: Tensor) -> Tensor:
        """Return what the estimator sees of features, shape (N, features)."""
        return self.embedding((features - self.mean) / self.std)

    def learned_loss(self, target: Tensor, features: Tensor) -> Tensor:
        """Return -ln q(y | features) times how much each pair counts, shape (N,).

        Args:
            target: y, and how much a pair counts, shape (N, learned + 1).
            features: shape (N, features).
        """
        return -log_prob(self.estimator, target[:, :-1], self.context(features)) * target[:, -1]

    def log_prob(self, y: Tensor, features: Tensor) -> Tensor:
        """Return ln q(y | features), shape (N, draws), of y, shape (N, draws, learned)."""
        return log_prob(self.estimator, y.transpose(0, 1), self.context(features)).T

    def sampler(self) -> Transform:
        """Return the function that makes y of standard normal numbers, (N, draws, learned), and contexts."""
        return sampler(self.estimator)
