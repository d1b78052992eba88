"""Draws of a catalogue's posteriors in a Zarr group without their prior, read block by block."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from digs.base.errors import DigsError
from digs.base.inputs import draws_wanted
from digs.base.progress import progress
from digs.base.random_streams import stream
from digs.inference.catalogue.result_store import BLOCK, ResultStore
from digs.inference.catalogue.zarr_folders import one_sentence
from digs.inference.engine.draw_weights import effective_number, thinned
from digs.inference.population.engine_interim import EnginePrior
from digs.inference.population.interim_draws import InterimDraws
from digs.inference.results.galaxy_draws import KINDS, WITHOUT_POSTERIOR

KEEP = 300  # draws of a galaxy
UNMADE = "not made yet"
_BLOCKS = 16  # read at once


def stored_draws(
    path: Path | str,
    names: Sequence[str],
    keep: int = KEEP,
    leave_out: Collection[int] = (),
    seed: int = 0,
    marginals: Mapping[str, Any] | None = None,
) -> tuple[InterimDraws, np.ndarray]:
    """Return the draws of a result of `digs infer CATALOGUE` without their prior, and the verdicts of all galaxies.

    Memory grows by the columns and the draws that are kept, not by what is in the store.

    Args:
        path: of the folder, which ends in .zarr.
        names: of the columns whose distribution is asked for.
        keep: draws of each galaxy, chosen by their weights; all, where there are no more.
        leave_out: rows of galaxies that are not to count.
        seed: of that choice.
        marginals: a prior of your own that the draws in this store have; digs infer leaves it to with_prior.
    Raises:
        DigsError: there is no such store or column, or it has no posterior.
    """
    path, keep = Path(path), draws_wanted(keep)
    store = ResultStore(path, "r")
    with one_sentence(path.name):
        group, known = store.group, list(store.group.attrs["parameters"])
        kinds = np.array([*KINDS, UNMADE])
        verdict = kinds[np.asarray(group["verdict"][:], dtype=int)]  # -1, where nothing is written, is the last
        redshift, independent = np.asarray(group["redshift"][:]), np.asarray(group["effective"][:])
        ranges = store.made_with["settings"]["ranges"]
    prior = EnginePrior(names, ranges, marginals or {})
    for name in (*names, *prior.marginals):
        if name not in known:
            raise DigsError(f"There is no parameter '{name}' in {path.name}; choose from: {', '.join(known)}.")
    columns = [known.index(name) for name in names]
    rows = np.setdiff1d(np.flatnonzero(~np.isin(verdict, (*WITHOUT_POSTERIOR, UNMADE))), list(leave_out))
    each = min(keep, group["log_weight"].shape[1])
    values, log_weight = np.empty((len(rows), each, len(names))), np.empty((len(rows), each))
    independent = independent[rows]
    at_once = _BLOCKS * BLOCK
    for first in progress(range(0, len(verdict), at_once), desc="Draws", unit="block"):
        here = np.flatnonzero((rows >= first) & (rows < first + at_once))
        if not len(here):
            continue
        with one_sentence(path.name):
            draws = np.asarray(group["draws"][first : first + at_once])[..., columns]
            weights = np.asarray(group["log_weight"][first : first + at_once], dtype=np.float64)
        for place in here:
            row = rows[place] - first
            chosen, kept = _some(weights[row], each, stream(seed, "draws of a population", str(rows[place]).encode()))
            values[place], log_weight[place] = draws[row][chosen], kept
            independent[place] = min(independent[place], effective_number(weights[row]))
    return prior.divided_out(values, log_weight, redshift[rows], independent, rows), verdict


def _some(log_weight: np.ndarray, number: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Rows of so many draws, and their ln weights."""
    if np.isfinite(log_weight).sum() > number:
        return thinned(log_weight, number, random)
    rows = np.argsort(~np.isfinite(log_weight), kind="stable")[:number]
    return rows, log_weight[rows]
