"""The prior over the columns of the engine's model, and the unbounded coordinates that it proposes in.

The mass is integrated over, so that coordinates are of the other columns: z, the probits of the prior's unit cube, in
which a uniform prior is a standard normal distribution.
"""

from collections.abc import Mapping

import numpy as np
import torch
from scipy.special import ndtr, ndtri
from torch import Tensor

from digs.physics.histories.continuity_prior import ContinuityPrior
from digs.physics.linear.wide_prior import WidePrior

RATIO = "logsfr_ratio_"  # what the columns of a binned history begin with
_STEEPEST = 5.0  # dex, of a ratio of rates
_EDGE = 1e-12  # of the unit cube's sides, that a point on its surface is taken to lie inside


def log_standard_normal(z: np.ndarray) -> np.ndarray:
    """Return ln of the standard normal density of points, shape (N, d), shape (N,)."""
    return -(np.square(z) + np.log(2 * np.pi)).sum(1) / 2


class ModelPrior(WidePrior):
    """The wide prior; ratios of the rates of a binned history have the continuity prior of Leja et al. (2019).

    Args:
        names, redshift, ranges: as of WidePrior.

    Example:
        >>> import torch
        >>> from digs.inference.engine.model_prior import ModelPrior
        >>> prior = ModelPrior(("logmass", "logsfr_ratio_1"), redshift=0.1)
        >>> prior.sample(3, torch.Generator().manual_seed(1)).shape
        torch.Size([3, 2])
    """

    def __init__(
        self, names: tuple[str, ...], redshift: float, ranges: Mapping[str, tuple[float, float]] | None = None
    ):
        ratios = {name: (-_STEEPEST, _STEEPEST) for name in names if name.startswith(RATIO)}
        super().__init__(names, redshift, ratios | dict(ranges or {}))
        self._ratios = [names.index(name) for name in ratios]

    def sample(self, number: int, generator: torch.Generator) -> Tensor:
        """Draw theta, shape (number, columns), float64."""
        theta = super().sample(number, generator)
        if self._ratios:
            ratios = ContinuityPrior(len(self._ratios)).sample(number, generator).double()
            theta[:, self._ratios] = ratios.clamp(self.low[self._ratios], self.high[self._ratios])
        return theta

    def log_prob(self, theta: Tensor) -> Tensor:
        """Return ln of the density of theta, shape (N, columns), shape (N,); -inf outside."""
        log_prob = super().log_prob(theta)
        if self._ratios:
            width = (self.high - self.low)[self._ratios].log().sum()
            log_prob = log_prob + ContinuityPrior(len(self._ratios)).log_prob(theta[:, self._ratios]) + width
        return log_prob


class Coordinates:
    """z of all columns but the mass, the first.

    Args:
        prior: whose box it is.

    Example:
        >>> import numpy as np
        >>> from digs.inference.engine.model_prior import Coordinates, ModelPrior
        >>> coordinates = Coordinates(ModelPrior(("logmass", "dust2"), redshift=0.1))
        >>> coordinates.theta(np.array([[0.0]])).tolist()  # the mass is the prior's lowest
        [[6.0, 2.0]]
    """

    components = 8  # of a mixture that is like a posterior, which may be bent

    def __init__(self, prior: WidePrior):
        self.names = prior.names[1:]
        self._mass = prior.low[0].item()
        self.low, self.high = prior.low[1:].numpy().copy(), prior.high[1:].numpy().copy()
        self.log_volume = float(np.log(self.high - self.low).sum())

    @property
    def dimensions(self) -> int:
        """Return how many coordinates there are."""
        return len(self.low)

    def at(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return theta and log_jacobian."""
        return self.theta(z), self.log_jacobian(z)

    def theta(self, z: np.ndarray) -> np.ndarray:
        """Return theta, shape (N, columns), whose mass does not count."""
        rest = np.clip(self.low + (self.high - self.low) * ndtr(z), self.low, self.high)
        return np.column_stack([np.full(len(rest), self._mass), rest])

    def z(self, theta: np.ndarray) -> np.ndarray:
        """Return z, shape (N, columns - 1), of theta."""
        return ndtri(np.clip((theta[:, 1:] - self.low) / (self.high - self.low), _EDGE, 1 - _EDGE))

    def log_jacobian(self, z: np.ndarray) -> np.ndarray:
        """Return ln |d theta / d z|, shape (N,), theta without its mass."""
        return self.log_volume + log_standard_normal(z)
