"""The nodes of a grid as arrays for compiled code."""

from typing import NamedTuple

import numpy as np

from digs.config.theta import NAMES
from digs.exact.brute_force.templates import Templates, middle_dust
from digs.physics.prior import Prior

TILE = 512  # nodes, whose features stay in the innermost caches while several galaxies see them


class Nodes(NamedTuple):
    """The constants of Templates: T nodes, K components, n pixels.

    columns: the c's in tiles of nodes, (tiles, K, TILE), K filled up to a multiple of 4.
    jacobian: ln of the prior's density in the coordinates, (tiles, TILE), up to a constant; -inf where no node is.
    half_square: |c|^2 / 2, (tiles, TILE).
    volume: of the tents around nodes, (T,).
    features: (T, W), as of Templates.
    logzsol, log_age, log_ratio: of the axes; number: as of Templates.
    age_of, ratio_of: places on the last two axes of nodes of the plane.
    mean, basis, curve, linear, unit: as of Templates.
    low, high: of the prior, (5,); middle: its dust d.
    """

    columns: np.ndarray
    jacobian: np.ndarray
    half_square: np.ndarray
    volume: np.ndarray
    features: np.ndarray
    logzsol: np.ndarray
    log_age: np.ndarray
    log_ratio: np.ndarray
    number: np.ndarray
    age_of: np.ndarray
    ratio_of: np.ndarray
    mean: np.ndarray
    basis: np.ndarray
    curve: np.ndarray
    linear: np.ndarray
    unit: float
    low: np.ndarray
    high: np.ndarray
    middle: float

    @classmethod
    def of(cls, templates: Templates, prior: Prior) -> "Nodes":
        """Return the nodes of templates over a prior."""
        axes, number, features = templates.axes, templates.number, templates.features
        age_of, ratio_of = (number >= 0).nonzero()
        metallicities = len(axes.logzsol)
        tents = [_widths(axis) for axis in (axes.logzsol, axes.log_age, axes.log_ratio)]
        volume = np.outer(tents[1][age_of] * tents[2][ratio_of], tents[0]).ravel()
        tiles = -(-len(features) // TILE)
        tiled = np.zeros((-(-templates.components // 4) * 4, tiles * TILE), dtype=np.float32)
        tiled[: templates.components, : len(features)] = features[:, : templates.components].T
        jacobian = np.full(tiles * TILE, -np.inf, dtype=np.float32)
        # uniform in tage, logzsol and log tau: d tage = tage d ln tage
        jacobian[: len(features)] = np.repeat(axes.log_age[age_of], metallicities)
        half_square = np.square(tiled, dtype=np.float64).sum(0) / 2
        return cls(
            columns=np.ascontiguousarray(tiled.reshape(len(tiled), tiles, TILE).swapaxes(0, 1)),
            jacobian=jacobian.reshape(tiles, TILE),
            half_square=half_square.astype(np.float32).reshape(tiles, TILE),
            volume=volume,
            features=features,
            logzsol=axes.logzsol,
            log_age=axes.log_age,
            log_ratio=axes.log_ratio,
            number=number,
            age_of=age_of,
            ratio_of=ratio_of,
            mean=templates.mean,
            basis=templates.basis,
            curve=templates.curve,
            linear=templates.linear,
            unit=templates.unit,
            low=prior.low[: len(NAMES)].double().numpy(),
            high=prior.high[: len(NAMES)].double().numpy(),
            middle=middle_dust(prior),
        )


def _widths(axis: np.ndarray) -> np.ndarray:
    """The integrals of the tents around the nodes of an axis."""
    return (np.diff(axis, prepend=axis[0]) + np.diff(axis, append=axis[-1])) / 2
