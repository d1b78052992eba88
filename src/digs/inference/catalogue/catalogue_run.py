"""The run over a catalogue: blocks of galaxies by one process, several, or a Dask cluster."""

import json
import math
import signal
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from digs.base.dask_cluster import cluster
from digs.base.errors import DigsError
from digs.base.progress import progress
from digs.files.atomic import md5
from digs.inference.catalogue.catalogue_file import Catalogue, open_catalogue, state_of_source
from digs.inference.catalogue.result_store import CatalogueRow, ResultStore
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.spectra_inference import ANY_REDSHIFT, columns_of, no_posterior, one_posterior
from digs.inference.general.general_network import stored_general_network
from digs.observations.printable import printable
from digs.observations.spectrum import Spectrum
from digs.physics.linear.shapes import BASIS_FILE
from digs.physics.stored_populations import POPULATIONS_FILE, stored_populations

_AHEAD = 2  # blocks that wait for each worker
_LONGEST_NAME = 80  # letters


@dataclass(frozen=True)
class CatalogueRun:
    """What is done to a catalogue.

    source: the file or Zarr folder.
    settings: of the engine.
    draws, seed: as of digs.infer.
    options: of the reading, as of digs.read, but for index.
    """

    source: Path
    settings: EngineSettings
    draws: int = 1000
    seed: int = 1
    options: dict[str, Any] = field(default_factory=dict)

    def made_with(self) -> dict[str, Any]:
        """Return all that the numbers depend on, but for the code."""
        options = {name: value for name, value in sorted(self.options.items()) if value not in (None, (), "")}
        return {
            "source": str(self.source.resolve()),
            "settings": self.settings.plain(),
            "draws": self.draws,
            "seed": self.seed,
            "options": json.loads(json.dumps(options, default=str)),
            "populations": md5(Path(POPULATIONS_FILE)),
            "basis": md5(BASIS_FILE),
            "network": stored_general_network().record["sha256"] if self.settings.network else None,
            "sps_label": stored_populations().label,
        }


def run_catalogue(run: CatalogueRun, out: Path, workers: int = 1, scheduler: str | None = None) -> ResultStore:
    """Return the store with the posteriors of all galaxies, of which those that it has already are not made again.

    Args:
        run: what is done.
        out: folder of the store, which ends in .zarr.
        workers: processes on this machine.
        scheduler: address of a Dask cluster, whose workers are used instead.
    Raises:
        DigsError: the catalogue cannot be read; the store is of another run, or of other spectra; there is no such
            scheduler; the error of redshifts is above 50 km/s.
    """
    run.settings.check_redshift(0.0)  # the least that a galaxy of it may have
    with open_catalogue(run.source, **run.options) as catalogue, _workers(workers, scheduler) as (executor, count):
        state = state_of_source(run.source)  # not of any folder, which may be a whole disk, but of a catalogue
        store = ResultStore.opened(
            out, len(catalogue), run.draws, columns_of(run.settings, ANY_REDSHIFT), run.made_with(), state
        )
        if store.source != state:
            _check_spectra(store, catalogue)
            store.source = state
        waiting = store.waiting
        done = len(catalogue) - sum(len(store.rows(block)) for block in waiting)
        with progress(total=len(catalogue), initial=done, desc="Posteriors", unit="galaxy") as bar:
            running: dict[Future, int] = {}
            for block in [*waiting, None]:
                while running and (block is None or len(running) >= _AHEAD * count):
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        finished = running.pop(future)
                        store.write(finished, _rows(future))
                        bar.update(len(store.rows(finished)))
                if block is not None:
                    galaxies = [_read(catalogue, row) for row in store.rows(block)]
                    if executor is None:
                        store.write(block, _block(run, galaxies))
                        bar.update(len(galaxies))
                    else:
                        running[executor.submit(_block, run, galaxies)] = block
    return store


def _check_spectra(store: ResultStore, catalogue: Catalogue) -> None:
    """Refuse a catalogue in which the spectrum of a galaxy that is done is another one now."""
    digests, names = store.group["digest"][:], store.group["name"][:]
    rows = [row for block in sorted(store.done) for row in store.rows(block)]
    for row in progress(rows, desc="Spectra compared", unit="galaxy"):
        now = _read(catalogue, row)
        if ("" if isinstance(now, BadSpectrum) else now.digest) != str(digests[row]):
            raise DigsError(
                f"The spectrum of '{names[row]}' (row {row}) is not that of {store.path.name}, as the catalogue has "
                "changed since; choose another name for --out, or remove it."
            )


@dataclass(frozen=True)
class BadSpectrum:
    """What stands for a spectrum that cannot be read: its name, or that of its row, and why."""

    name: str
    reason: str


def _read(catalogue: Catalogue, row: int) -> Spectrum | BadSpectrum:
    try:
        return catalogue[row]
    except DigsError as error:
        reason = str(error)
    try:
        name = printable(catalogue.name_of(row), _LONGEST_NAME)
    except DigsError:
        name = ""
    return BadSpectrum(name or f"row {row}", reason)


def _block(run: CatalogueRun, galaxies: list[Spectrum | BadSpectrum]) -> list[CatalogueRow]:
    """The galaxies of a block; what one of them gets does not depend on the others."""
    return [_row(run, galaxy) for galaxy in galaxies]


def _rows(future: Future) -> list[CatalogueRow]:
    """What a worker made of a block."""
    try:
        return future.result()
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:150].rstrip(".: ")
        raise DigsError(f"A worker was lost ({reason}); the same command goes on where this one ended.") from None


def _row(run: CatalogueRun, galaxy: Spectrum | BadSpectrum) -> CatalogueRow:
    if isinstance(galaxy, BadSpectrum):
        return CatalogueRow(
            no_posterior(run.settings, ANY_REDSHIFT, run.draws, galaxy.reason), galaxy.name, "", math.nan
        )
    posterior = one_posterior(galaxy, run.settings, run.draws, run.seed)
    return CatalogueRow(posterior, galaxy.name, galaxy.digest, galaxy.redshift)


@contextmanager
def _workers(number: int, scheduler: str | None) -> Iterator[tuple[Executor | None, int]]:
    """What blocks are handed to, and how many workers it has; nothing where this process does it itself."""
    if scheduler is not None:
        with cluster(scheduler) as client:
            yield client.get_executor(pure=False), max(sum(client.nthreads().values()), 1)
    elif number > 1:
        # Ctrl-C in a terminal reaches the workers, too, which shall end without a word
        quiet = {"initializer": signal.signal, "initargs": (signal.SIGINT, signal.SIG_DFL)}
        with ProcessPoolExecutor(number, get_context("spawn"), **quiet) as executor:
            try:
                yield executor, number
            except BaseException:
                executor.shutdown(wait=False, cancel_futures=True)
                raise
    else:
        yield None, 1
