"""The error budget of the exact simulator: what rounding costs, and what the closed form of the weights does."""

import numpy as np
import torch
from torch import Tensor, nn

from digs.physics.histories.delayed_tau import DelayedTau
from digs.physics.simulator import Simulator

_NODES = 64  # of Gauss-Legendre quadrature, in each age interval


def integrated_weights(age: np.ndarray, tage: float, tau: float) -> np.ndarray:
    """Return SSPs' mass fractions, shape (ages,), by quadrature of their definition (digs.physics.histories).

    Args:
        age: of the SSPs in Gyr, ascending.
        tage, tau: of the galaxy, in Gyr.
    """
    edges = np.concatenate([[0.0], age])
    x, weight = np.polynomial.legendre.leggauss(_NODES)
    start, stop = np.minimum(edges[:-1], tage)[:, None], np.minimum(edges[1:], tage)[:, None]
    s = start + (stop - start) * (x + 1) / 2
    rate = (tage - s) * np.exp(-(tage - s) / tau) * (stop - start) * weight / 2
    older = np.ones_like(s)  # below the first node there is only that node
    width = np.log(age[1:] / age[:-1])[:, None]
    older[1:] = np.log(np.maximum(s[1:], age[:-1, None]) / age[:-1, None]) / width
    weights = (rate * older).sum(1)
    weights[:-1] += (rate * (1 - older))[1:].sum(1)
    return weights / weights.sum()


class IntegratedDelayedTau(nn.Module):
    """The delayed-tau history by quadrature: slow, without gradients, and with nothing else in common with the other.

    It is a StarFormationHistory (digs.physics.histories.history); arguments as of DelayedTau.
    """

    names = DelayedTau.names

    def __init__(self, age: np.ndarray, dtype: torch.dtype = torch.float64):
        super().__init__()
        self.age, self.domain = age, DelayedTau(age, torch.float64).domain
        self.register_buffer("components", torch.eye(len(age), dtype=dtype), persistent=False)
        self.register_buffer("mass", torch.ones(len(age), dtype=dtype), persistent=False)

    def amounts(self, tage: Tensor, logtau: Tensor) -> tuple[Tensor, slice]:
        """Return the mass fractions of the SSPs, shape (N, SSPs), and that those are all."""
        galaxies = zip(tage.tolist(), (10.0**logtau).tolist(), strict=True)
        weights = np.stack([integrated_weights(self.age, *each) for each in galaxies])
        return torch.as_tensor(weights).to(self.mass), slice(0, len(self.age))


@torch.no_grad()
def error_budget(single: Simulator, double: Simulator, theta: Tensor) -> dict[str, dict[str, float]]:
    """Return median and worst relative errors over all pixels of spectra of theta, (N, 5).

    `rounding`: of single against double precision. `integration`: of the closed form, in double precision, against
    numerical integration of the same SSPs.

    Args:
        single, double: the simulator in either precision, of the stored populations and instrument.
    """
    exact = double(theta)
    integrated = Simulator(history=IntegratedDelayedTau, dtype=torch.float64)
    errors = {"rounding": single(theta).double() / exact - 1, "integration": exact / integrated(theta) - 1}
    return {
        name: {"median": error.abs().median().item(), "worst": error.abs().max().item()}
        for name, error in errors.items()
    }
