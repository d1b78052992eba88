"""Many reference spectra: in parallel over processes, and resumable."""

import hashlib
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path

import numpy as np

from digs.base.dask_cluster import on_cluster
from digs.base.progress import progress
from digs.config.model import NebularGas, Spectrum
from digs.config.theta import index
from digs.files.resumable import ResumableParts
from digs.sps.home import SPSData, sps_data
from digs.sps.prospector import Prospector

PART = 50  # spectra; a few seconds of work


_prospector = lru_cache(maxsize=1)(Prospector)  # of a process


def _make_part(settings: Spectrum, gas: NebularGas, theta: np.ndarray) -> np.ndarray:
    return np.stack([_prospector(settings, gas)(row) for row in theta])


def library_parts(
    theta: np.ndarray, settings: Spectrum, gas: NebularGas, data: SPSData, folder: Path
) -> ResumableParts:
    """Return where the spectra of theta are kept until all are done."""
    content = [
        hashlib.sha256(theta.tobytes()).hexdigest(),
        settings.model_dump(),
        gas.model_dump(),
        data.fingerprint,
        PART,
    ]
    return ResumableParts(folder, content, __file__)


def simulate_library(
    theta: np.ndarray,
    settings: Spectrum,
    gas: NebularGas,
    parts: ResumableParts,
    processes: int,
    scheduler: str | None = None,
) -> np.ndarray:
    """Return reference spectra of theta, shape (N, 5), as F_lambda, shape (N, pixels), float64.

    They are made in the order of metallicity: FSPS takes seconds for each of its 12 metallicities that a process meets,
    and one that takes up half-done work need not meet them all again.

    Args:
        parts: of library_parts; those that are done are not done again.
        processes: each takes 0.9 GB, and half a minute to start.
        scheduler: address of a Dask cluster, whose workers, with the same data in SPS_HOME, are used instead.
    """
    order = np.argsort(theta[:, index("logzsol")], kind="stable")
    pieces = {f"{start:07d}": theta[order[start : start + PART]] for start in range(0, len(theta), PART)}
    todo = {name: piece for name, piece in pieces.items() if name not in parts}
    if todo:
        done = len(theta) - sum(map(len, todo.values()))
        tasks = [(settings, gas, piece) for piece in todo.values()]
        made = on_cluster(scheduler, _make_part, tasks, sps_data) if scheduler else _in_processes(processes, tasks)
        with progress(total=len(theta), initial=done, desc="Prospector spectra", unit="spectra") as bar:
            for name, flux in zip(todo, made, strict=True):
                parts.save(name, flux)
                bar.update(len(flux))
    return np.concatenate([parts.load(name) for name in pieces])[np.argsort(order)]


def _in_processes(processes: int, tasks: list[tuple]) -> Iterator[np.ndarray]:
    """The parts in their order; after a failure no more are begun."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, len(tasks)), spawn) as pool:
        pending = [pool.submit(_make_part, *task) for task in tasks]
        try:
            for future in pending:
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)
