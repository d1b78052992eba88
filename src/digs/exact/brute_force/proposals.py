"""All of a proposal for some galaxies: readings, densities at nodes, candidates, and those that are chosen of them."""

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


class Numbers(NamedTuple):
    """Random numbers of galaxies: uniform, (G, M, 3), normal, (G, M, 2), both of single precision; starts, (G, 2)."""

    uniform: np.ndarray
    normal: np.ndarray
    starts: np.ndarray


class Proposal(NamedTuple):
    """Draws of G galaxies, N of each, from M candidates.

    theta, (G, N, 5); ln of M q pi / N, (G, N), inf where there is no draw; and the effective share of the candidates by
    what their readings say of them, (G,).
    """

    theta: np.ndarray
    log_density: np.ndarray
    share: np.ndarray


def _propose(
    nodes: Nodes, flux: np.ndarray, sigma: np.ndarray, power: np.ndarray, numbers: Numbers, found: Proposal
) -> None:
    """Fill in the proposal of a group."""
    galaxies, size, even = len(flux), len(nodes.volume), sigma.shape[1] == 0
    read_all, fill = (read_all_even, fill_even) if even else (read_all_weighted, fill_weighted)
    readings = Reading.blank(galaxies, nodes, even)
    log_models, log_y, precision = np.empty((3, *flux.shape))
    log_densities = np.empty((galaxies, *nodes.jacobian.shape), dtype=np.float32)
    density, which = np.empty((galaxies, size), dtype=np.float32), np.empty((galaxies, size), dtype=np.int32)
    share, total, number = np.empty((galaxies, size)), np.empty(galaxies), np.empty(galaxies, dtype=np.int64)
    features = np.empty((galaxies, nodes.features.shape[1]), dtype=np.float32)
    first_references(flux, sigma, log_models)
    read_all(flux, sigma, log_models, nodes, readings, log_y, precision)
    for _ in range(1 if even else 2):  # the precisions of given sigmas depend on the reference
        fill(nodes, readings, log_densities)
        choose_all_nodes(log_densities, nodes, readings, density, which, share, number, total, features)
        new_references(features, log_y, precision, nodes, log_models)
        read_all(flux, sigma, log_models, nodes, readings, log_y, precision)
    draw_all(nodes, readings, power, which, share, number, density, total, tuple(numbers), *found)


def propose(
    nodes: Nodes, flux: np.ndarray, sigma: np.ndarray, power: np.ndarray, numbers: Numbers, draws: int
) -> Proposal:
    """Return so many draws of each galaxy.

    Args:
        flux: (G, n), float64.
        sigma: (G, n), float64, inf in gaps; or (G, 0) where the noise is the fraction nodes.unit of the model flux.
        power: of the readings' likelihoods, (G,): 1, or less for wider proposals.
        numbers: of M candidates each, M above draws.
    """
    galaxies, parameters = len(flux), len(nodes.low)
    found = Proposal(np.empty((galaxies, draws, parameters)), np.empty((galaxies, draws)), np.empty(galaxies))

    def fill(rows: slice) -> None:
        own, part = (kind(*(each[rows] for each in whole)) for kind, whole in ((Numbers, numbers), (Proposal, found)))
        _propose(nodes, flux[rows], sigma[rows], power[rows], own, part)

    in_parts(fill, galaxies, _GROUP)
    return found
