r"""The axes of a grid of templates: nodes as dense as spectra change, no denser.

The coordinates are logzsol, x = ln tage, y = ln(tage / tau), and what else theta has: the last star formation, which
lines show, is a function of y alone, nearly. A theta with fewer columns has the first of these only. Let f be a ln
spectrum in units of its noise, with what mass and dust do to it projected out (digs.exact.brute_force.templates). Along
an axis, at a place u, the nodes have the density

    max( |df/du| / SPACING,  sqrt( |d^2 f / du^2| / (8 CURVING) ) )

so that neighbours differ by SPACING sigma at most, and what lies between them is off the straight line by CURVING sigma
at most. That is how it would be at one place on the other axes; of all these places the SHARE-th quantile counts.
Where spectra of the simulator have kinks, at the metallicities of its populations and at the nodes of its gas, there
are always nodes. Where there would be more than MOST_NODES in all, on four axes or more, all axes have fewer in
proportion.

What matters is how straight features are between nodes, less how far apart the nodes are. With 200 galaxies of the
prior and the noise of Khullar et al. (2022), importance sampling had these efficiencies (median, 5th percentile):

    SPACING  CURVING  SHARE   nodes
    2        0.15     0.80    57 000   0.90  0.22
    2        0.05     0.80    67 000   0.98  0.78
    4        0.05     0.95    22 000   0.98  0.79
    4        0.03     0.80    22 000   0.98  0.83
    4        0.02     0.95    48 000   0.99  0.94
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from digs.config.theta import index
from digs.physics.prior import Prior

SPACING, CURVING, SHARE = 4.0, 0.02, 0.95
MOST_NODES = 1_500_000  # nodes, whose features are some hundred megabytes


LN10 = np.log(10.0)


Z, X, Y = range(3)  # the places of logzsol, ln tage and ln(tage / tau) among the coordinates


DENSE = 3  # axes, on which a grid can always be dense


_PROBES = 24  # places on each axis without kinks where f is looked at


_PLACES = 50_000  # on all axes together, at most; else so many of them


_STEP = 0.03  # of finite differences, at most


_NEAR = 1e-6  # a kink that is so near to an end, by rounding, is at it


_COARSER = 1.05  # where there are too many nodes, the next try


_Z, _AGE, _TAU = index("logzsol"), index("tage"), index("logtau")


Shape = Callable[[Tensor], Tensor]  # f, shape (N, pixels), of coordinates, (N, D)


@dataclass(frozen=True)
class Axes:
    """Nodes of each coordinate, ascending.

    They end where the prior does; those of y have the range that the prior's tage and logtau leave.
    """

    nodes: tuple[np.ndarray, ...]

    @property
    def dimensions(self) -> int:
        """Return how many there are."""
        return len(self.nodes)

    def planes(self, prior: Prior) -> np.ndarray:
        """Return the numbers of the nodes of the plane of x and y, -1 for those of cells that hold none of a prior.

        Its range of ln tau is a stripe in that plane. Where an axis is missing, the plane has one node along it.
        """
        x, y = (self.nodes[axis] if axis < self.dimensions else np.zeros(1) for axis in (X, Y))
        if self.dimensions <= Y:
            return np.arange(len(x), dtype=np.int32)[:, None]
        low, high = log_tau_range(prior)
        cells = (x[1:, None] - y[:-1] >= low) & (x[:-1, None] - y[1:] <= high)
        kept = np.zeros((len(x), len(y)), dtype=bool)
        for dx in (0, 1):
            for dy in (0, 1):
                kept[dx : dx + len(x) - 1, dy : dy + len(y) - 1] |= cells
        return np.where(kept, kept.ravel().cumsum().reshape(kept.shape) - 1, -1).astype(np.int32)

    def block(self) -> list[int]:
        """Return the numbers of nodes of the axes that make a block for each node of the plane, the slowest first."""
        others = self.nodes[Y + 1 :]
        return [len(axis) for axis in (*others, self.nodes[Z])]

    def size(self, prior: Prior) -> int:
        """Return how many nodes a grid over a prior has."""
        return int(self.planes(prior).max() + 1) * int(np.prod(self.block()))


def log_tau_range(prior: Prior) -> tuple[float, float]:
    """Return the ends of ln tau."""
    return prior.low[_TAU].item() * LN10, prior.high[_TAU].item() * LN10


def ends(prior: Prior) -> np.ndarray:
    """Return the least and the largest value of each coordinate, shape (D, 2)."""
    found = [(prior.low[_Z].item(), prior.high[_Z].item())]
    if len(prior.low) > _AGE:
        found.append(age := (np.log(prior.low[_AGE].item()), np.log(prior.high[_AGE].item())))
    if len(prior.low) > _TAU:
        low, high = log_tau_range(prior)
        found.append((age[0] - high, age[1] - low))
        found += zip(prior.low[_TAU + 1 :].tolist(), prior.high[_TAU + 1 :].tolist(), strict=True)
    return np.array(found)


def choose_axes(shape: Shape, prior: Prior, kinks: Sequence[np.ndarray], most: float | None = None) -> Axes:
    """Return the nodes of the axes.

    Args:
        shape: f, in units of the noise.
        prior: whose box they cover.
        kinks: of each coordinate; an axis without any has nodes of a density that changes along it.
        most: nodes that there may be; by default MOST_NODES on four axes or more, else any number.
    """
    limits = ends(prior)
    if most is None:
        most = MOST_NODES if len(limits) > DENSE else np.inf
    borders = [
        np.unique(np.concatenate([pair, own[(own > pair[0] + _NEAR) & (own < pair[1] - _NEAR)]])) if len(own) else None
        for pair, own in zip(limits, kinks, strict=True)
    ]
    places = [
        np.linspace(*pair, _PROBES) if own is None else (own[1:] + own[:-1]) / 2
        for pair, own in zip(limits, borders, strict=True)
    ]
    steps = [
        min(_STEP, (pair[1] - pair[0]) / 8 if own is None else np.diff(own).min() / 4)
        for pair, own in zip(limits, borders, strict=True)
    ]
    densities = _densities(shape, places, steps, log_tau_range(prior) if len(limits) > Y else None)
    coarser = 1.0
    while True:
        axes = Axes(
            tuple(
                _as_dense(place, density / coarser) if own is None else _between(own, density / coarser)
                for place, density, own in zip(places, densities, borders, strict=True)
            )
        )
        if most == np.inf or axes.size(prior) <= most:
            return axes
        coarser *= _COARSER


def _densities(
    shape: Shape, places: Sequence[np.ndarray], steps: Sequence[float], log_tau: tuple[float, float] | None
) -> list[np.ndarray]:
    """The densities of nodes at places of each axis."""
    at = np.stack([axis.ravel() for axis in np.meshgrid(*places, indexing="ij")])
    inside = np.ones(at.shape[1], dtype=bool)
    if log_tau is not None:
        low, high = log_tau
        inside = (at[X] - at[Y] >= low - 0.1) & (at[X] - at[Y] <= high + 0.1)
    if inside.sum() > _PLACES:
        inside[np.random.default_rng(0).permutation(np.flatnonzero(inside))[_PLACES:]] = False
    densities = []
    for axis, step in enumerate(steps):
        away = step * np.eye(len(places))[axis][:, None]
        before, here, after = (shape(torch.as_tensor(at[:, inside] + sign * away).T) for sign in (-1, 0, 1))
        rate = torch.linalg.norm(after - before, dim=1) / (2 * step)
        bend = torch.linalg.norm(after - 2 * here + before, dim=1) / step**2
        density = np.full(at.shape[1], np.nan)
        density[inside] = torch.maximum(rate / SPACING, (bend / (8 * CURVING)).sqrt()).numpy()
        others = tuple(other for other in range(len(places)) if other != axis)
        of_places = density.reshape([len(place) for place in places])
        densities.append(np.nanquantile(of_places, SHARE, axis=others))
    return densities


def _between(borders: np.ndarray, density: np.ndarray) -> np.ndarray:
    """Nodes at all borders, and between them equally spaced ones of a density that changes there."""
    parts = [
        np.linspace(left, right, 1 + max(1, round(own * (right - left))))[:-1]
        for (left, right), own in zip(pairwise(borders), density, strict=True)
    ]
    return np.append(np.concatenate(parts), borders[-1])


def _as_dense(place: np.ndarray, density: np.ndarray) -> np.ndarray:
    """Nodes from the first place to the last, of a density that is linear between the places."""
    count = np.concatenate([[0.0], np.cumsum(np.diff(place) * (density[1:] + density[:-1]) / 2)])
    fine = np.linspace(place[0], place[-1], 20 * len(place))
    return np.interp(np.linspace(0, count[-1], 1 + max(2, round(count[-1]))), np.interp(fine, place, count), fine)
