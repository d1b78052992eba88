"""Delayed tau, and a burst in its last 10 Myr: what shines now no longer follows from what formed before."""

import numpy as np
import torch
from torch import Tensor, nn

from digs.physics.histories.continuity import bin_weights
from digs.physics.histories.delayed_tau import DelayedTau

SPAN = 0.01  # Gyr, over which the burst has a constant rate: as long as ionising stars live


class RecentBurst(nn.Module):
    """The history of DelayedTau, and a share of the mass that has formed at a constant rate in the last SPAN.

    It is a StarFormationHistory (digs.physics.histories.history). Its last column of theta, log_burst, is log10 of that
    share. No galaxy may be younger than the burst is long.

    Args:
        age: the SSPs' ages in Gyr, ascending, shape (n,).
        dtype: of the arithmetic.

    Example:
        >>> import digs
        >>> from digs.physics.histories.recent_burst import RecentBurst
        >>> simulator = digs.Simulator(history=RecentBurst)
        >>> quiet, bursting = simulator([[10.5, -0.4, 0.6, 1.6, -0.9, -4.0], [10.5, -0.4, 0.6, 1.6, -0.9, -2.0]])
        >>> simulator.names[-1], bool((bursting > quiet).all())
        ('log_burst', True)
    """

    names = (*DelayedTau.names, "log_burst")

    def __init__(self, age: np.ndarray, dtype: torch.dtype = torch.float32):
        super().__init__()
        self.smooth = DelayedTau(age, dtype)
        self.domain = self.smooth.domain | {"tage": (SPAN, age[-1]), "log_burst": (-np.inf, 0.0)}
        burst = torch.as_tensor(bin_weights(age, np.array([0.0, SPAN])), dtype=dtype)
        # before either kind of components that delayed tau has: those that it calls for follow the burst without a gap
        kinds = self.smooth.components.split([len(age), len(self.smooth.components) - len(age)])
        components = torch.cat([burst, kinds[0], burst, kinds[1]])
        self.register_buffer("components", components, persistent=False)
        self.register_buffer("mass", components.sum(1), persistent=False)

    def amounts(self, tage: Tensor, logtau: Tensor, log_burst: Tensor) -> tuple[Tensor, slice]:
        """Return the amounts of components, shape (N, m), and which those are: a slice.

        Args:
            tage: age of the galaxies in Gyr, shape (N,), SPAN or more.
            logtau: log10 of the e-folding time in Gyr, shape (N,).
            log_burst: log10 of the burst's share of the mass formed, shape (N,), 0 at most.
        """
        smooth, which = self.smooth.amounts(tage, logtau)
        burst = (10.0**log_burst)[:, None]
        smooth = smooth * (1 - burst) / (smooth @ self.smooth.mass[which])[:, None]
        first = which.start + (1 if which.start else 0)
        return torch.cat([burst, smooth], 1), slice(first, first + 1 + smooth.shape[1])
