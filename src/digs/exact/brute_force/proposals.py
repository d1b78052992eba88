"""All of a proposal for some galaxies: readings, densities at nodes, candidates, and those that are chosen of them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from digs.base.compilation import in_parts
from digs.exact.brute_force.candidates import draw_all
from digs.exact.brute_force.node_densities import choose_all_nodes, fill_even, fill_weighted
from digs.exact.brute_force.nodes import Nodes
from digs.exact.brute_force.readings import (
    Reading,
    first_references,
    new_references,
    read_all_even,
    read_all_weighted,
)

_GROUP = 8  # galaxies that share the features of a tile


_CAREFUL_ROUNDS = 6


_PILOT = 256  # candidates


_EFFECTIVE = 1.5  # candidates for each draw; but of all there are, for each draw, at least and at most
_LEAST, _MOST = 1.5, 32.0


class Numbers(NamedTuple):
    """Random numbers of candidates, of one galaxy after the other: uniform, (all, D), and normal, (all, 2).

    Both are of single precision. starts, (G, 2), are uniform; the candidates of a galaxy begin at first, (G + 1,).
    """

    uniform: np.ndarray
    normal: np.ndarray
    starts: np.ndarray
    first: np.ndarray

    @classmethod
    def of(cls, streams: Sequence[np.random.Generator], many: np.ndarray, dimensions: int) -> "Numbers":
        """Return the next numbers of galaxies' streams, for so many candidates each, (G,), in so many dimensions."""
        first = np.concatenate([[0], np.cumsum(many)])
        uniform, normal = (np.empty((first[-1], size), dtype=np.float32) for size in (dimensions, 2))
        starts = np.empty((len(streams), 2))
        for galaxy, (stream, begin, end) in enumerate(zip(streams, first[:-1], first[1:], strict=True)):
            stream.random(dtype=np.float32, out=uniform[begin:end])
            stream.standard_normal(dtype=np.float32, out=normal[begin:end])
            stream.random(out=starts[galaxy])
        return cls(uniform, normal, starts, first)


class Proposal(NamedTuple):
    """Draws of G galaxies, N of each.

    theta, (G, N, D + 2); ln of M q pi / N, (G, N), inf where there is no draw; and, (G,) each, the effective share of
    the candidates by what their readings say of them, and how many candidates there are, M.
    """

    theta: np.ndarray
    log_density: np.ndarray
    share: np.ndarray
    candidates: np.ndarray

    @classmethod
    def blank(cls, galaxies: int, draws: int, parameters: int) -> "Proposal":
        """Return one to be filled in."""
        theta = np.empty((galaxies, draws, parameters))
        return cls(theta, np.empty((galaxies, draws)), np.empty(galaxies), np.empty(galaxies, dtype=np.int64))


class Held(NamedTuple):
    """Which nodes hold the posteriors of G galaxies; shapes as in digs.exact.brute_force.node_densities."""

    readings: Reading
    log_densities: np.ndarray
    density: np.ndarray
    which: np.ndarray
    share: np.ndarray
    number: np.ndarray
    total: np.ndarray


def hold(nodes: Nodes, flux: np.ndarray, sigma: np.ndarray, careful: bool = False) -> Held:
    """Return the nodes that hold posteriors; arguments as of propose."""
    galaxies, size = len(flux), len(nodes.volume)
    even = sigma.shape[1] == 0 and not careful
    read_all, fill = (read_all_even, fill_even) if even else (read_all_weighted, fill_weighted)
    readings = Reading.blank(galaxies, nodes, even)
    log_models, log_y, precision = np.empty((3, *flux.shape))
    log_densities = np.empty((galaxies, *nodes.jacobian.shape), dtype=np.float32)
    density, which = np.empty((galaxies, size), dtype=np.float32), np.empty((galaxies, size), dtype=np.int32)
    share, total, number = np.empty((galaxies, size)), np.empty(galaxies), np.empty(galaxies, dtype=np.int64)
    features = np.empty((galaxies, nodes.features.shape[1]), dtype=np.float32)
    first_references(flux, sigma, log_models)
    read_all(flux, sigma, careful, log_models, nodes, readings, log_y, precision)
    for _ in range(1 if even else _CAREFUL_ROUNDS if careful else 2):  # precisions depend on the reference
        fill(nodes, readings, log_densities)
        choose_all_nodes(log_densities, nodes, readings, density, which, share, number, total, features)
        new_references(features, log_y, precision, nodes, log_models)
        read_all(flux, sigma, careful, log_models, nodes, readings, log_y, precision)
    return Held(readings, log_densities, density, which, share, number, total)


def _propose(
    nodes: Nodes,
    flux: np.ndarray,
    sigma: np.ndarray,
    power: np.ndarray,
    careful: bool,
    streams: Sequence[np.random.Generator],
    found: Proposal,
) -> None:
    """Fill in the proposal of a group."""
    readings, _, density, which, share, number, total = hold(nodes, flux, sigma, careful)

    def draw(many: np.ndarray, into: Proposal) -> None:
        numbers = tuple(Numbers.of(streams, many, len(nodes.axes)))
        into.candidates[:] = many
        draw_all(nodes, readings, power, which, share, number, density, total, numbers, *into[:3])

    # a pilot, of numbers of its own, so that how many candidates there are depends on none of them
    pilot = Proposal.blank(len(flux), 1, len(nodes.low))
    draw(np.full(len(flux), _PILOT), pilot)
    times = np.clip(_EFFECTIVE / pilot.share.clip(1 / _PILOT), _LEAST, _MOST)
    draw(np.ceil(times * found.theta.shape[1]).astype(np.int64), found)


def propose(
    nodes: Nodes,
    flux: np.ndarray,
    sigma: np.ndarray,
    power: np.ndarray,
    streams: Sequence[np.random.Generator],
    draws: int,
    careful: bool = False,
) -> Proposal:
    """Return so many draws of each galaxy.

    Args:
        flux: (G, n), float64.
        sigma: (G, n), float64, inf in gaps; or (G, 0) where the noise is the fraction nodes.unit of the model flux.
        power: of the readings' likelihoods, (G,): 1, or less for wider proposals.
        streams: of random numbers, one a galaxy.
        careful: whether readings are, which takes longer and matters where the model does not fit.
    """
    found = Proposal.blank(len(flux), draws, len(nodes.low))

    def fill(rows: slice) -> None:
        part = Proposal(*(each[rows] for each in found))
        _propose(nodes, flux[rows], sigma[rows], power[rows], careful, streams[rows], part)

    in_parts(fill, len(flux), _GROUP)
    return found
