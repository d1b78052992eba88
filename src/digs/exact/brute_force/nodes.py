"""The nodes of a grid as arrays for compiled code."""

from typing import NamedTuple

import numpy as np

from digs.exact.brute_force.axes import X, Y, Z
from digs.exact.brute_force.template_features import TemplateFeatures
from digs.exact.brute_force.templates import Templates, middle_dust, places_of
from digs.physics.prior import Prior

TILE = 512  # nodes, whose features stay in the innermost caches while several galaxies see them


class Nodes(NamedTuple):
    """The constants of Templates: T nodes, K components, n pixels, D axes.

    columns: the c's in tiles of nodes, (tiles, K, TILE), K filled up to a multiple of 4.
    jacobian: ln of the prior's density in the coordinates, (tiles, TILE), up to a constant; -inf where no node is.
    half_square: |c|^2 / 2, (tiles, TILE).
    volume: of the tents around nodes, (T,).
    features: (T, W), as of Templates.
    axes: filled up to the longest, (D, longest), and length, how many nodes each has, (D,).
    number: as of Templates.
    place: of nodes on the axes, (T, D).
    stride: how many nodes further the next one of an axis within a block is, (D,), and how many a block has, block.
    mean, basis, curve, linear, unit: as of Templates.
    low, high: of the prior, (D + 2,); middle: its dust d.
    """

    columns: np.ndarray
    jacobian: np.ndarray
    half_square: np.ndarray
    volume: np.ndarray
    features: np.ndarray
    axes: np.ndarray
    length: np.ndarray
    number: np.ndarray
    place: np.ndarray
    stride: np.ndarray
    block: int
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
        axes = templates.axes
        size = len(templates.features)
        place = places_of(axes, templates.number, np.arange(size)).astype(np.int16)
        volume = np.ones(size)
        for axis in (*range(X, axes.dimensions), Z):
            volume *= _widths(axes.nodes[axis])[place[:, axis]]
        stride = np.zeros(axes.dimensions, dtype=np.int64)  # not used for x and y, which blocks are numbered by
        block = axes.block()
        steps = np.cumprod([1, *block[:0:-1]])  # of metallicity, and then of the last axis, and so on
        stride[Z], stride[Y + 1 :] = 1, steps[:0:-1]
        padded = np.zeros((axes.dimensions, max(len(axis) for axis in axes.nodes)))
        for row, axis in zip(padded, axes.nodes, strict=True):
            row[: len(axis)] = axis
        # uniform in tage, logzsol, log tau and the others: d tage = tage d ln tage
        jacobian = axes.nodes[X][place[:, X]] if axes.dimensions > X else np.zeros(size)
        length = np.array([len(axis) for axis in axes.nodes])
        order = padded, length, templates.number, place, stride, int(np.prod(block))
        return cls(*_tiled(templates, jacobian), volume, templates.features, *order, *_constants(templates, prior))

    @classmethod
    def scattered(cls, templates: TemplateFeatures, prior: Prior) -> "Nodes":
        """Return templates at points of a prior, which stand for equal parts of it and have no axes."""
        size = len(templates.features)
        none = np.zeros((0, 0)), np.zeros(0, dtype=np.int64), np.zeros((0, 0), dtype=np.int32)
        order = *none, np.zeros((size, 0), dtype=np.int16), np.zeros(0, dtype=np.int64), 1
        tiled = _tiled(templates, np.zeros(size))
        return cls(*tiled, np.ones(size), templates.features, *order, *_constants(templates, prior))


def _tiled(templates: TemplateFeatures, jacobian: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The first fields of Nodes."""
    size = len(templates.features)
    tiles = -(-size // TILE)
    tiled = np.zeros((-(-templates.components // 4) * 4, tiles * TILE), dtype=np.float32)
    tiled[: templates.components, :size] = templates.features[:, : templates.components].T
    half_square = np.zeros(tiles * TILE)
    for column in tiled:
        half_square += np.square(column, dtype=np.float64)
    padded = np.full(tiles * TILE, -np.inf, dtype=np.float32)
    padded[:size] = jacobian
    columns = np.ascontiguousarray(tiled.reshape(len(tiled), tiles, TILE).swapaxes(0, 1))
    return columns, padded.reshape(tiles, TILE), (half_square / 2).astype(np.float32).reshape(tiles, TILE)


def _constants(templates: TemplateFeatures, prior: Prior) -> tuple:
    """The last fields of Nodes."""
    ends = prior.low.double().numpy(), prior.high.double().numpy()
    return (
        templates.mean,
        templates.basis,
        templates.curve,
        templates.linear,
        templates.unit,
        *ends,
        middle_dust(prior),
    )


def _widths(axis: np.ndarray) -> np.ndarray:
    """The integrals of the tents around the nodes of an axis."""
    return (np.diff(axis, prepend=axis[0]) + np.diff(axis, append=axis[-1])) / 2
