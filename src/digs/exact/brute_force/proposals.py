"""All of a proposal for some galaxies: readings, densities at nodes, candidates, and those that are chosen of them."""

from typing import NamedTuple

import numpy as np

from digs.base.compilation import compiled_strictly, in_parts
from digs.exact.brute_force.candidates import choose, draw_candidates
from digs.exact.brute_force.node_densities import choose_nodes, fill_even, fill_weighted, mean_features
from digs.exact.brute_force.nodes import Nodes
from digs.exact.brute_force.readings import (
    expand,
    first_reference,
    new_reading,
    new_reference,
    read_even,
    read_weighted,
)

_GROUP = 8  # galaxies that share the features of a tile


class Numbers(NamedTuple):
    """Random numbers of galaxies: uniform, (G, M, 3), and normal ones, (G, M, 2), of single precision; starts, (G, 2)."""

    uniform: np.ndarray
    normal: np.ndarray
    starts: np.ndarray


class Proposal(NamedTuple):
    """Draws of galaxies: theta, (G, N, 5); ln of M q pi / N, (G, N), inf where there is no draw; and, (G,), the
    effective share of the candidates by what their readings say of them.
    """

    theta: np.ndarray
    log_density: np.ndarray
    share: np.ndarray


@compiled_strictly
def _reference(flux, sigma, log_model):
    """Fill in the first reference."""
    if len(sigma):
        first_reference(flux, sigma, log_model)
    else:
        for i in range(len(flux)):
            log_model[i] = np.log(flux[i])


@compiled_strictly
def _read(flux, sigma, nodes, log_model, log_y, precision, reading):
    """Fill in a reading of a galaxy around a reference."""
    expand(flux, sigma, nodes.unit, log_model, log_y, precision)
    if len(sigma):
        read_weighted(log_y, precision, nodes, reading)
    else:
        read_even(log_y, nodes, reading)


@compiled_strictly
def _one(nodes, reading, log_densities, flux, sigma, log_model, numbers, scratch, theta, log_density):
    """Fill in draws of one galaxy by ln densities at nodes; return the effective share of its candidates."""
    density, which, share, features, log_y, precision, candidates, log_v, log_q, chosen, log_p = scratch
    uniform, normal, starts = numbers
    number, total = choose_nodes(log_densities, nodes, reading, density, which, share)
    mean_features(which[:number], share, nodes, features)
    new_reference(features, log_y, precision, nodes, log_model)
    _read(flux, sigma, nodes, log_model, log_y, precision, reading)
    draw_candidates(
        nodes, reading, which[:number], share, density, total, uniform, normal, starts[0], candidates, log_v, log_q
    )
    found, effective = choose(log_v, len(theta), starts[1], chosen, log_p)
    scale = np.log(len(log_v) / len(theta))
    for place in range(len(theta)):
        if place < found:
            theta[place] = candidates[chosen[place]]
            log_density[place] = log_q[chosen[place]] + log_p[place] + scale
        else:
            theta[place] = theta[0] if found else 0.5 * (nodes.low + nodes.high)
            log_density[place] = np.inf
    return effective


def _fill(nodes, readings, flux, sigma, numbers, theta, log_density, share):
    """Fill in the draws of a group of galaxies."""
    galaxies, pixels = flux.shape
    tiles = nodes.jacobian.shape
    log_densities = np.empty((galaxies, *tiles), dtype=np.float32)
    log_model, log_y, precision = np.empty(pixels), np.empty(pixels), np.empty(pixels)
    uniform, normal, starts = numbers
    many, few, size = uniform.shape[1], theta.shape[1], len(nodes.volume)
    density, which, shares = np.empty(size, dtype=np.float32), np.empty(size, dtype=np.int64), np.empty(size)
    features = np.empty(nodes.features.shape[1], dtype=np.float32)
    candidates, log_v, log_q = np.empty((many, theta.shape[2])), np.empty(many), np.empty(many)
    chosen, log_p = np.empty(few, dtype=np.int64), np.empty(few)
    scratch = (density, which, shares, features, log_y, precision, candidates, log_v, log_q, chosen, log_p)
    log_models = np.empty((galaxies, pixels))
    centers = np.empty((galaxies, nodes.columns.shape[1]), dtype=np.float32)
    for galaxy in range(galaxies):
        reading, log_model = readings[galaxy], log_models[galaxy]
        _reference(flux[galaxy], sigma[galaxy], log_model)
        _read(flux[galaxy], sigma[galaxy], nodes, log_model, log_y, precision, reading)
        if sigma.shape[1]:
            fill_weighted(nodes, reading, log_densities[galaxy])
            number, _ = choose_nodes(log_densities[galaxy].reshape(-1), nodes, reading, density, which, shares)
            mean_features(which[:number], shares, nodes, features)
            new_reference(features, log_y, precision, nodes, log_model)
            _read(flux[galaxy], sigma[galaxy], nodes, log_model, log_y, precision, reading)
            fill_weighted(nodes, reading, log_densities[galaxy])
        centers[galaxy] = reading.center
    if not sigma.shape[1]:
        fill_even(nodes, centers, log_densities)
    for galaxy in range(galaxies):
        expand(flux[galaxy], sigma[galaxy], nodes.unit, log_models[galaxy], log_y, precision)
        share[galaxy] = _one(
            nodes,
            readings[galaxy],
            log_densities[galaxy].reshape(-1),
            flux[galaxy],
            sigma[galaxy],
            log_models[galaxy],
            (uniform[galaxy], normal[galaxy], starts[galaxy]),
            scratch,
            theta[galaxy],
            log_density[galaxy],
        )


_fill_without_lock = compiled_strictly(_fill, nogil=True)


def propose(nodes: Nodes, flux: np.ndarray, sigma: np.ndarray, numbers: Numbers, draws: int) -> Proposal:
    """Return so many draws of each galaxy.

    Args:
        flux: (G, n), float64.
        sigma: (G, n), float64, inf in gaps; or (G, 0) where the noise is the fraction nodes.unit of the model flux.
        numbers: of M candidates each, M above draws.
    """
    galaxies, parameters = len(flux), len(nodes.low)
    found = Proposal(np.empty((galaxies, draws, parameters)), np.empty((galaxies, draws)), np.empty(galaxies))

    def fill(rows: slice) -> None:
        readings = tuple(new_reading(nodes, sigma.shape[1] == 0) for _ in range(_GROUP))
        own = (part[rows] for part in numbers)
        _fill_without_lock(nodes, readings, flux[rows], sigma[rows], tuple(own), *(part[rows] for part in found))

    in_parts(fill, galaxies, _GROUP)
    return found
