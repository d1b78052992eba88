"""Posteriors of a catalogue in a Zarr group, written block after block.

A block of galaxies is a chunk of every array. Its last chunk to be written is that of `done`, so that a block that a
kill interrupts is made anew, and comes out the same.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from digs.base.errors import DigsError
from digs.inference.catalogue.zarr_folders import arrays_of, open_zarr, sound
from digs.inference.engine.galaxy_posterior import STATISTICS, GalaxyPosterior
from digs.inference.results.galaxy_draws import KINDS

BLOCK = 16  # galaxies
_REASON, _NAME = 240, 64  # letters that are kept
_MADE_WITH, _SOURCE = "made_with", "source_state"


class ResultStore:
    """The arrays `draws`, `log_weight`, `verdict` (a number, by KINDS), `reason`, `name`, `digest`, and numbers.

    Args:
        path: of the folder, which ends in .zarr.
        mode: "r" to read, "r+" to write more.
    Raises:
        DigsError: there is none, or it is damaged.
    """

    def __init__(self, path: Path, mode: str = "r+"):
        self.path, self.group = path, open_zarr(path, mode)
        with sound(path.name):
            if _MADE_WITH not in self.group.attrs:
                raise DigsError(f"{path.name} holds no posteriors of a catalogue; choose another name for --out.")
        missing = {*_columns(0, ()), "done"} - set(arrays_of(self.group, path.name))
        if missing:
            raise DigsError(f"{path.name} has lost its array '{min(missing)}'; remove it, and run digs infer again.")

    @classmethod
    def opened(
        cls,
        path: Path,
        galaxies: int,
        draws: int,
        names: Sequence[str],
        made_with: Mapping[str, Any],
        source: Mapping[str, int],
    ) -> "ResultStore":
        """Return the store of a run: that which was begun, or a new one.

        Args:
            path: of the folder.
            galaxies: of the catalogue.
            draws, names: as of the posteriors.
            made_with: all that the numbers depend on, as JSON takes it.
            source: size and time of change of the catalogue (state_of_source), which a new store keeps.
        Raises:
            DigsError: there is something else, or a run with other settings or of a catalogue of another length.
        """
        made_with = json.loads(json.dumps(made_with))
        if path.exists():
            store = cls(path)
            if store.made_with != made_with:
                other = [name for name in made_with if store.made_with.get(name) != made_with[name]]
                raise DigsError(
                    f"{path.name} was not made with the same {' and '.join(other) or 'version'}; choose another name "
                    "for --out, or remove it."
                )
            if len(store) != galaxies:
                raise DigsError(
                    f"{path.name} was made of a catalogue of {len(store)} galaxies, which has {galaxies} now; choose "
                    "another name for --out, or remove it."
                )
            return store
        beside = path.with_name(f".{path.name}.new")
        group = open_zarr(beside, "w")
        columns = _columns(draws, names)
        for name, (shape, kind, fill) in columns.items():
            group.create_array(
                name, shape=(galaxies, *shape), chunks=(BLOCK, *(max(n, 1) for n in shape)), dtype=kind, fill_value=fill
            )
        blocks = -(-galaxies // BLOCK)
        group.create_array("done", shape=(blocks,), chunks=(1,), dtype="i1", fill_value=0)
        group.attrs.update({_MADE_WITH: made_with, "parameters": list(names), "verdicts": list(KINDS)})
        group.attrs[_SOURCE] = dict(source)
        beside.rename(path)
        return cls(path)

    def __len__(self) -> int:
        return self.group["verdict"].shape[0]

    @property
    def source(self) -> dict[str, int] | None:
        """Return size and time of change of the catalogue that the galaxies were read from; None of older stores."""
        return self.group.attrs.get(_SOURCE)

    @source.setter
    def source(self, state: Mapping[str, int]) -> None:
        self.group.attrs[_SOURCE] = dict(state)

    @property
    def made_with(self) -> dict[str, Any]:
        """Return all that the numbers depend on."""
        return dict(self.group.attrs[_MADE_WITH])

    @property
    def waiting(self) -> list[int]:
        """Return the blocks that are not done."""
        return sorted(set(range(self.group["done"].shape[0])) - self.done)

    @property
    def done(self) -> set[int]:
        """Return the blocks that are done."""
        return set(np.flatnonzero(self.group["done"][:]).tolist())

    def rows(self, block: int) -> range:
        """Return the galaxies of a block."""
        return range(block * BLOCK, min((block + 1) * BLOCK, len(self)))

    def write(self, block: int, posteriors: Sequence["CatalogueRow"]) -> None:
        """Write the galaxies of a block, and that it is done."""
        rows = self.rows(block)
        place = slice(rows.start, rows.stop)
        found = [row.posterior for row in posteriors]
        values = {name: [one.statistics[name] for one in found] for name in STATISTICS}
        values |= {name: [getattr(one, name) for one in found] for name in ("log_evidence", "log_evidence_error")}
        values["draws"] = np.stack([one.draws for one in found])
        values["log_weight"] = np.stack([_level(one.log_weight) for one in found])
        values["verdict"] = [KINDS.index(one.verdict) for one in found]
        values["reason"] = [one.reason[:_REASON] for one in found]
        values |= {"name": [row.name[:_NAME] for row in posteriors], "digest": [row.digest for row in posteriors]}
        values["redshift"] = [row.redshift for row in posteriors]
        for name, column in values.items():
            array = self.group[name]
            array[place] = np.asarray(column, dtype=array.dtype)
        self.group["done"][block] = 1


class CatalogueRow:
    """A galaxy of a catalogue.

    Args:
        posterior: of it.
        name: in the catalogue.
        digest: of its spectrum; empty where there is none.
        redshift: nan where there is none.
    """

    def __init__(self, posterior: GalaxyPosterior, name: str, digest: str, redshift: float):
        self.posterior, self.name, self.digest, self.redshift = posterior, name, digest, redshift


def _columns(draws: int, names: Sequence[str]) -> dict[str, tuple[tuple[int, ...], str, Any]]:
    """Of each array but `done`, the shape of a galaxy's part, the type, and what stands for nothing."""
    return {
        "draws": ((draws, len(names)), "f4", np.nan),
        "log_weight": ((draws,), "f4", np.nan),
        "log_evidence": ((), "f8", np.nan),
        "log_evidence_error": ((), "f8", np.nan),
        "verdict": ((), "i1", -1),
        "reason": ((), f"U{_REASON}", ""),
        "name": ((), f"U{_NAME}", ""),
        "digest": ((), f"U{_NAME}", ""),
        "redshift": ((), "f8", np.nan),
        **dict.fromkeys(STATISTICS, ((), "f8", np.nan)),
    }


def _level(log_weight: np.ndarray) -> np.ndarray:
    """Ln weights less the largest, so that single precision does for them."""
    top = log_weight.max()
    return log_weight - top if np.isfinite(top) else log_weight
