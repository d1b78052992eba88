"""The error budget of the exact simulator: what rounding costs, and what the closed form of the weights does."""

import numpy as np
import torch
from torch import Tensor

from digs.config.theta import index
from digs.physics.simulator import Simulator

_NODES = 64  # of Gauss-Legendre quadrature, in each age interval


_PLACES = [index(name) for name in ("logmass", "logzsol", "dust2", "tage", "logtau")]


def integrated_weights(age: np.ndarray, tage: float, tau: float) -> np.ndarray:
    """Return SSPs' mass fractions, shape (ages,), by quadrature of their definition (digs.physics.csp).

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


def integrated_spectra(simulator: Simulator, theta: Tensor) -> Tensor:
    """Return spectra with integrated weights, which the simulator approximates, shape (N, pixels), float64."""
    logmass, logzsol, dust2, tage, logtau = (theta[:, place].double() for place in _PLACES)
    age = simulator.weights.age.double().numpy()
    histories = zip(tage.tolist(), (10**logtau).tolist(), strict=True)
    weights = np.stack([integrated_weights(age, *history) for history in histories])
    populations = torch.as_tensor(weights) @ simulator.grid[:, : len(age)].double()  # metallicities, N, pixels
    nodes = simulator.logzsol.double()
    upper = torch.searchsorted(nodes, logzsol.contiguous()).clamp(1, len(nodes) - 1)
    share = ((logzsol - nodes[upper - 1]) / (nodes[upper] - nodes[upper - 1]))[:, None]
    rows = torch.arange(len(theta))
    mixed = torch.lerp(populations[upper - 1, rows], populations[upper, rows], share)
    return mixed * 10 ** logmass[:, None] * torch.exp(-dust2[:, None] * simulator.curve.double())


@torch.no_grad()
def error_budget(single: Simulator, double: Simulator, theta: Tensor) -> dict[str, dict[str, float]]:
    """Return median and worst relative errors over all pixels of spectra of theta, (N, 5).

    `rounding`: of single against double precision. `integration`: of the closed form, in double precision, against
    numerical integration of the same SSPs.
    """
    exact = double(theta)
    errors = {
        "rounding": single(theta).double() / exact - 1,
        "integration": exact / integrated_spectra(double, theta) - 1,
    }
    return {
        name: {"median": error.abs().median().item(), "worst": error.abs().max().item()}
        for name, error in errors.items()
    }
