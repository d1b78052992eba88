"""Draws of a catalogue's posteriors in a Zarr group without their prior, read block by block."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np

from digs.base.errors import DigsError
from digs.base.inputs import draws_wanted
from digs.base.progress import progress
from digs.base.random_streams import stream
from digs.inference.catalogue.result_store import BLOCK, ResultStore
from digs.inference.catalogue.zarr_folders import sound
from digs.inference.engine.draw_weights import effective_number, kept_draws
from digs.inference.engine.kept_prior import check_kept_prior, even_weights
from digs.inference.population.engine_prior import EnginePrior, Part
from digs.inference.population.interim_draws import InterimDraws
from digs.inference.results.galaxy_draws import KINDS, WITHOUT_POSTERIOR

KEEP = 300  # draws of a galaxy
UNMADE = "not made yet"
_AT_ONCE = 4_000_000  # numbers that are read at once, or those of a block


def stored_draws(
    path: Path | str, names: Sequence[str], keep: int = KEEP, leave_out: Collection[int] = (), seed: int = 0
) -> tuple[InterimDraws, np.ndarray]:
    """Return the draws of a result of `digs infer CATALOGUE` without their prior, and the verdicts of all galaxies.

    Memory grows by the columns and the draws that are kept (digs.inference.population.population_memory), not by what
    is in the store. What galaxies of which a block is written at this moment are is not looked at.

    Args:
        path: of the folder, which ends in .zarr.
        names: of the columns whose distribution is asked for.
        keep: draws of each galaxy, chosen by their weights; all, where there are no more.
        leave_out: rows of galaxies that are not to count.
        seed: of that choice.
    Raises:
        DigsError: there is no such store or column, or it has no posterior; draws take too much memory, or weights
            are not those of digs.infer.
    """
    path, keep = Path(path), draws_wanted(keep)
    store = ResultStore(path, "r")
    with sound(path.name):
        group, known = store.group, list(store.group.attrs["parameters"])
        verdict, redshift = _verdicts(store), np.asarray(group["redshift"][:])
        error, calls = np.asarray(group["log_evidence_error"][:]), np.asarray(group["calls"][:])
        ranges, effective = store.made_with["settings"]["ranges"], np.asarray(group["effective"][:])
        stored, columns_stored = group["draws"].shape[1:]
    prior = EnginePrior(names, ranges)
    for name in names:
        if name not in known:
            raise DigsError(f"There is no parameter '{name}' in {path.name}; choose from: {', '.join(known)}.")
    columns = [known.index(name) for name in names]
    rows = np.setdiff1d(np.flatnonzero(~np.isin(verdict, (*WITHOUT_POSTERIOR, UNMADE))), list(leave_out))
    each, independent = min(keep, stored), effective[rows]

    def parts() -> Iterator[Part]:
        at_once = max(1, _AT_ONCE // (BLOCK * stored * columns_stored)) * BLOCK
        for first in progress(range(0, len(verdict), at_once), desc="Draws", unit="block"):
            some = slice(*np.searchsorted(rows, (first, first + at_once)))
            here = rows[some]
            if not len(here):
                continue
            with sound(path.name):
                draws = np.asarray(group["draws"][first : first + at_once])[..., columns][here - first]
                weights = np.asarray(group["log_weight"][first : first + at_once], dtype=np.float64)[here - first]
            check_kept_prior(here, verdict[here], even_weights(weights), error[here], effective[here], calls[here])
            worth = np.array([effective_number(one) for one in weights])
            independent[some] = np.minimum(independent[some], worth)
            source = lambda row: stream(seed, "draws of a population", str(row).encode())
            kept = [kept_draws(one, each, source(row)) for one, row in zip(weights, here, strict=True)]
            chosen = np.array([places for places, _ in kept])
            yield some, np.take_along_axis(draws, chosen[..., None], 1), np.array([levels for _, levels in kept])

    return prior.divided_out(parts(), each, redshift[rows], independent, rows), verdict


def _verdicts(store: ResultStore) -> np.ndarray:
    """The verdict on each galaxy, UNMADE in blocks that are not done."""
    number = np.asarray(store.group["verdict"][:], dtype=int)
    done = np.repeat(np.asarray(store.group["done"][:]) == 1, BLOCK)[: len(number)]
    return np.where(done & (number >= 0), np.array(KINDS)[number.clip(0, len(KINDS) - 1)], UNMADE)
