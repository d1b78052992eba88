"""One row of a catalogue's posteriors, made again and compared."""

from pathlib import Path
from typing import Any

import numpy as np

from digs.base.errors import DigsError
from digs.exact.normal.nuisances import Nuisances
from digs.inference.catalogue.catalogue_file import open_catalogue
from digs.inference.catalogue.catalogue_run import CatalogueRun
from digs.inference.catalogue.result_store import ResultStore
from digs.inference.catalogue.zarr_folders import sound
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.spectra_inference import one_posterior
from digs.inference.results.galaxy_draws import KINDS


def audit_row(path: Path, name: str, source: Path | None = None) -> list[tuple[bool, str]]:
    """Return whether a row is what its spectrum, seed and settings give, check by check, in sentences.

    Args:
        path: of the store.
        name: of the galaxy, or the number of its row.
        source: the catalogue, where it has moved.
    Raises:
        DigsError: there is no such store, row or catalogue.
    """
    store = ResultStore(path, "r")
    with sound(path.name):
        row, made_with = _row_of(store, path, name), store.made_with
        run = _run(made_with, source)
        place, now = run.source, run.made_with()
    checks = [
        (now[what] == made_with[what], f"{what}: {made_with[what]}" + ("" if now[what] == made_with[what] else " then"))
        for what in ("populations", "basis", "network")
        if made_with[what] is not None
    ]
    group = store.group
    reason, verdict = str(group["reason"][row]), KINDS[int(group["verdict"][row])]
    with open_catalogue(place, **run.options) as catalogue:
        try:
            spectrum = catalogue[row]
        except DigsError as error:
            then, now = _of_spectrum(reason, Path(made_with["source"])), _of_spectrum(str(error), place)
            checks.append((now[: len(then)] == then, f"the spectrum cannot be read: {error}"))
            return checks
    same = spectrum.digest == str(group["digest"][row])
    checks.append((same, f"the spectrum's digest is {'as recorded' if same else 'another one'}: {spectrum.digest}"))
    found = one_posterior(spectrum, run.settings, run.draws, run.seed)
    checks.append(
        (found.verdict == verdict, f"verdict: {found.verdict}" + (f" ({found.reason})" if found.reason else ""))
    )
    draws = np.array_equal(found.draws.astype("f4"), group["draws"][row], equal_nan=True)
    checks.append((draws, f"the {run.draws} draws are {'the same to the bit' if draws else 'others'}"))
    evidence = np.array_equal(found.log_evidence, group["log_evidence"][row], equal_nan=True)
    checks.append((evidence, f"ln of the evidence: {found.log_evidence:.6g}"))
    return checks


def _run(made_with: dict[str, Any], source: Path | None) -> CatalogueRun:
    """The run that a store says it is of."""
    settings = dict(made_with["settings"])
    settings["nuisances"] = Nuisances(**settings["nuisances"])
    settings["ranges"] = {key: tuple(ends) for key, ends in settings["ranges"].items()}
    place = Path(made_with["source"]) if source is None else source
    return CatalogueRun(
        place, EngineSettings(**settings), made_with["draws"], made_with["seed"], dict(made_with["options"])
    )


def _of_spectrum(reason: str, source: Path) -> str:
    """What is said of a spectrum behind the name of its file, which has the folders that the user gave."""
    before, found, behind = reason.partition(source.name)
    return behind if found else before


def _row_of(store: ResultStore, path: Path, name: str) -> int:
    names = store.group["name"][:].astype(str)
    rows = np.flatnonzero(names == name)
    if not len(rows) and name.isdigit() and int(name) < len(names):
        rows = np.array([int(name)])
    if len(rows) != 1:
        what = "no galaxy" if not len(rows) else f"{len(rows)} galaxies"
        raise DigsError(f"{path.name} has {what} called '{name}'; give its name, or the number of its row from 0.")
    if store.group["verdict"][rows[0]] < 0:
        raise DigsError(f"Row {rows[0]} of {path.name} is not made yet; run digs infer again.")
    return int(rows[0])
