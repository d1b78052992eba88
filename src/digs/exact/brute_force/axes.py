r"""The axes of a grid of templates: nodes as dense as spectra change, no denser.

The coordinates are logzsol, x = ln tage and y = ln(tage / tau): the last star formation, which lines show, is a
function of y alone, nearly. Let f be a ln spectrum in units of its noise, with what mass and dust do to it projected
out (digs.exact.brute_force.templates). Along an axis, at a place u, the nodes have the density

    max( |df/du| / SPACING,  sqrt( |d^2 f / du^2| / (8 CURVING) ) )

so that neighbours differ by SPACING sigma at most, and what lies between them is off the straight line by CURVING sigma
at most. That is how it would be at one place on the other two axes; of all these places the SHARE-th quantile counts.
Where spectra of the simulator have kinks, at the metallicities of its populations, there are always nodes.

What matters is how straight features are between nodes, less how far apart the nodes are. With 200 galaxies of the
prior and the noise of Khullar et al. (2022), importance sampling had these efficiencies (median, 5th percentile):

    SPACING  CURVING  SHARE   nodes
    2        0.15     0.80    57 000   0.90  0.22
    2        0.05     0.80    67 000   0.98  0.78
    4        0.05     0.95    22 000   0.98  0.79
    4        0.03     0.80    22 000   0.98  0.83
    4        0.02     0.95    48 000   0.99  0.94
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from digs.config.theta import index
from digs.physics.prior import Prior

SPACING, CURVING, SHARE = 4.0, 0.02, 0.95


LN10 = np.log(10.0)


_PROBES = 24  # places on each of the last two axes where f is looked at


_STEPS = (0.03, 0.03, 0.03)  # of finite differences


_Z, _AGE, _TAU = index("logzsol"), index("tage"), index("logtau")


Shape = Callable[[Tensor, Tensor, Tensor], Tensor]  # f, shape (N, pixels), of the three coordinates, (N,) each


@dataclass(frozen=True)
class Axes:
    """Nodes of logzsol, of x = ln tage and of y = ln(tage / tau), ascending; the first two end where the prior does."""

    logzsol: np.ndarray
    log_age: np.ndarray
    log_ratio: np.ndarray


def log_tau_range(prior: Prior) -> tuple[float, float]:
    """Return the ends of ln tau."""
    return prior.low[_TAU].item() * LN10, prior.high[_TAU].item() * LN10


def ends(prior: Prior) -> np.ndarray:
    """Return the least and the largest value of each coordinate, shape (3, 2)."""
    low, high = log_tau_range(prior)
    age = np.log(prior.low[_AGE].item()), np.log(prior.high[_AGE].item())
    return np.array([(prior.low[_Z].item(), prior.high[_Z].item()), age, (age[0] - high, age[1] - low)])


def choose_axes(shape: Shape, prior: Prior, kinks: np.ndarray) -> Axes:
    """Return the nodes of the three axes.

    Args:
        shape: f, in units of the noise.
        prior: whose box they cover.
        kinks: in logzsol.
    """
    limits, (low, high) = ends(prior), log_tau_range(prior)
    borders = np.unique(np.concatenate([limits[0], kinks[(kinks > limits[0, 0]) & (kinks < limits[0, 1])]]))
    steps = np.minimum(_STEPS, [np.diff(borders).min() / 4, *np.diff(limits[1:])[:, 0] / 8])
    places = [(borders[1:] + borders[:-1]) / 2, *(np.linspace(*pair, _PROBES) for pair in limits[1:])]
    at = np.stack([axis.ravel() for axis in np.meshgrid(*places, indexing="ij")])
    inside = (at[1] - at[2] >= low - 0.1) & (at[1] - at[2] <= high + 0.1)
    densities = []
    for axis, step in enumerate(steps):
        away = step * np.eye(3)[axis][:, None]
        before, here, after = (shape(*torch.as_tensor(at[:, inside] + sign * away)) for sign in (-1, 0, 1))
        rate = torch.linalg.norm(after - before, dim=1) / (2 * step)
        bend = torch.linalg.norm(after - 2 * here + before, dim=1) / step**2
        density = np.full(at.shape[1], np.nan)
        density[inside] = torch.maximum(rate / SPACING, (bend / (8 * CURVING)).sqrt()).numpy()
        others = tuple(other for other in range(3) if other != axis)
        of_places = density.reshape([len(place) for place in places])
        densities.append(np.nanquantile(of_places, SHARE, axis=others))
    metallicities = [
        np.linspace(left, right, 1 + max(1, round(density * (right - left))))[:-1]
        for (left, right), density in zip(pairwise(borders), densities[0], strict=True)
    ]
    return Axes(
        np.append(np.concatenate(metallicities), borders[-1]),
        *(_as_dense(place, density) for place, density in zip(places[1:], densities[1:], strict=True)),
    )


def _as_dense(place: np.ndarray, density: np.ndarray) -> np.ndarray:
    """Nodes from the first place to the last, of a density that is linear between the places."""
    count = np.concatenate([[0.0], np.cumsum(np.diff(place) * (density[1:] + density[:-1]) / 2)])
    fine = np.linspace(place[0], place[-1], 20 * len(place))
    return np.interp(np.linspace(0, count[-1], 1 + max(2, round(count[-1]))), np.interp(fine, place, count), fine)
