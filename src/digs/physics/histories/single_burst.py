"""All stars of one age."""

import numpy as np
import torch
from torch import Tensor, nn


class SingleBurst(nn.Module):
    """Galaxies whose stars have all formed at once, between SSPs linearly in log age, as in FSPS (sfh=0).

    It is a StarFormationHistory (digs.physics.histories.history).

    Args:
        age: the SSPs' ages in Gyr, ascending, shape (n,).
        dtype: of the arithmetic.

    Example:
        >>> import numpy as np, torch
        >>> from digs.physics.histories import SingleBurst
        >>> burst = SingleBurst(np.array([0.1, 1.0, 10.0]))
        >>> burst.amounts(torch.tensor([1.0]))[0].tolist()
        [[0.0, 1.0, 0.0]]
    """

    names = ("tage",)

    def __init__(self, age: np.ndarray, dtype: torch.dtype = torch.float32):
        super().__init__()
        self.domain = {"tage": (age[0], age[-1])}
        constants = {"log_age": np.log(age), "components": np.eye(len(age)), "mass": np.ones(len(age))}
        for name, value in constants.items():
            self.register_buffer(name, torch.as_tensor(value, dtype=dtype), persistent=False)

    def amounts(self, tage: Tensor) -> tuple[Tensor, slice]:
        """Return how much of each SSP galaxies hold, shape (N, SSPs), and that those are all.

        Args:
            tage: age of the stars in Gyr, shape (N,).
        """
        place = torch.log(tage)
        lower = (torch.searchsorted(self.log_age, place.detach()) - 1).clamp(0, len(self.log_age) - 2)
        left, right = self.log_age[lower], self.log_age[lower + 1]
        older = ((place - left) / (right - left))[:, None]
        amounts = older.new_zeros(len(tage), len(self.log_age))
        amounts = amounts.scatter_add(1, lower[:, None], 1 - older).scatter_add(1, lower[:, None] + 1, older)
        return amounts, slice(0, len(self.log_age))
