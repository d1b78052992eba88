"""What a star formation history is to the simulator."""

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
import torch
from torch import Tensor


class StarFormationHistory(Protocol):
    """Galaxies as sums of a few components, which are mixed from simple stellar populations (SSPs).

    It is a torch module of the SSPs' ages in Gyr. Weights that are linear in what theta holds have one component for
    each; others have as many as they need.

    names: of its columns of theta.
    domain: the lowest and highest value of each of those that have ends.
    components: how SSPs make up the components, shape (components, SSPs).
    mass: that has formed in each component, shape (components,).
    """

    names: tuple[str, ...]
    domain: Mapping[str, tuple[float, float]]
    components: Tensor
    mass: Tensor

    def amounts(self, *columns: Tensor) -> tuple[Tensor, slice]:
        """Return how much of each component galaxies hold, shape (N, m), and which components those are: a slice.

        The simulator divides by the mass formed, so that the amounts may have any factor.

        Args:
            columns: of theta, in the order of `names`, each of shape (N,), N at least 1.
        """
        ...

    def to(self, dtype: torch.dtype) -> "StarFormationHistory":
        """Compute in another precision from now on."""
        ...


MakesHistory = Callable[
    [np.ndarray, torch.dtype], StarFormationHistory
]  # of the SSPs' ages in Gyr, ascending, shape (n,)
