"""Posteriors of a catalogue as an xarray DataTree, the format that ArviZ opens."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from xarray import Dataset, DataTree

from digs.base.random_streams import galaxy_keys, stream
from digs.base.statistics import resample_systematically
from digs.files.atomic import replacing
from digs.inference.results.galaxy_draws import GalaxyDraws


def even_draws(found: GalaxyDraws, seed: int) -> np.ndarray:
    """Return draws of equal weight, shape (N, draws, P), chosen by the weights; nan where there is no posterior.

    Those of a galaxy depend on the seed and its id alone. Draws of large weight are there more than once.
    """
    even = np.full_like(found.draws, np.nan)
    for row, key in enumerate(galaxy_keys(found.draws, found.ids.tolist())):
        if found.there[row]:
            random = stream(seed, "even draws", key)
            even[row] = found.draws[row, resample_systematically(found.log_weight[row], even.shape[1], random)]
    return even


def posterior_tree(found: GalaxyDraws, observed: Mapping[str, Any], seed: int) -> DataTree:
    """Return a tree of four groups, with coordinates for chain, draw and galaxy (its id).

    posterior: draws of equal weight, one variable a parameter, (chain, draw, galaxy). ArviZ knows no weights, so that
        its summaries of this group alone are right.
    weighted_draws: the draws as they were proposed, with log_weight, in the same axes.
    observed_data: what was observed, where it is given.
    galaxies: verdict, reason, evidence, efficiency and warning lights.

    Args:
        observed: arrays by name, shape (N, pixels) or (pixels,).
        seed: of the choice of draws of equal weight.
    """
    axes = ("chain", "draw", "galaxy")
    places = {"chain": [0], "draw": np.arange(found.draws.shape[1]), "galaxy": found.ids}

    def by_parameter(draws: np.ndarray) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
        return {name: (axes, draws[..., place].T[None]) for place, name in enumerate(found.names)}

    of_galaxies = {
        name: ("galaxy", getattr(found, name))
        for name in ("verdict", "reason", "log_evidence", "log_evidence_error", "efficiency")
    }
    of_galaxies |= {f"light_{name}": ("galaxy", on) for name, on in found.lights.items()}
    arrays = {name: np.asarray(values) for name, values in observed.items()}
    measured = {name: (("galaxy", "pixel")[-array.ndim :], array) for name, array in arrays.items()}
    weighted = by_parameter(found.draws) | {"log_weight": (axes, found.log_weight.T[None])}
    groups = {
        "/": Dataset(attrs={"sps_label": found.sps_label, "parameters": list(found.names)}),
        "/posterior": Dataset(by_parameter(even_draws(found, seed)), places),
        "/weighted_draws": Dataset(weighted, places),
        "/galaxies": Dataset(of_galaxies, {"galaxy": found.ids}),
    }
    if measured:
        groups["/observed_data"] = Dataset(measured, {"galaxy": found.ids})
    return DataTree.from_dict(groups)


def write_tree(tree: DataTree, path: Path) -> None:
    """Write a tree as netCDF, whole or not at all."""
    with replacing(path) as temporary:
        tree.to_netcdf(temporary, engine="h5netcdf")
