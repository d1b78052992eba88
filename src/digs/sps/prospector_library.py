"""Many reference spectra: in parallel over processes, and resumable."""

import hashlib
import multiprocessing
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from pathlib import Path

import numpy as np

from digs.base.progress import progress
from digs.config.model import NebularGas, Spectrum
from digs.config.theta import index
from digs.files.resumable import ResumableParts
from digs.sps.home import SPSData
from digs.sps.prospector import Prospector

PART = 50  # spectra; a few seconds of work


_simulator: Prospector | None = None


def _start_worker(settings: Spectrum, gas: NebularGas) -> None:
    global _simulator
    _simulator = Prospector(settings, gas)


def _make_part(parts: ResumableParts, name: str, theta: np.ndarray) -> int:
    parts.save(name, np.stack([_simulator(row) for row in theta]))
    return len(theta)


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
    theta: np.ndarray, settings: Spectrum, gas: NebularGas, parts: ResumableParts, processes: int
) -> np.ndarray:
    """Return reference spectra of theta, shape (N, 5), as F_lambda, shape (N, pixels), float64.

    They are made in the order of metallicity: FSPS takes seconds for each of its 12 metallicities that a process meets,
    and one that takes up half-done work need not meet them all again.

    Args:
        parts: of library_parts; those that are done are not done again.
        processes: each takes 0.9 GB, and half a minute to start.
    """
    order = np.argsort(theta[:, index("logzsol")], kind="stable")
    pieces = {f"{start:07d}": theta[order[start : start + PART]] for start in range(0, len(theta), PART)}
    todo = {name: piece for name, piece in pieces.items() if name not in parts}
    if todo:
        done = len(theta) - sum(map(len, todo.values()))
        workers = min(processes, len(todo))
        spawn = multiprocessing.get_context("spawn")
        with (
            progress(total=len(theta), initial=done, desc="Prospector spectra", unit="spectra") as bar,
            ProcessPoolExecutor(workers, spawn, _start_worker, (settings, gas)) as pool,
        ):
            pending = [pool.submit(_make_part, parts, *item) for item in todo.items()]
            for future in pending:
                future.add_done_callback(lambda f: None if f.cancelled() or f.exception() else bar.update(f.result()))
            finished, _ = wait(pending, return_when=FIRST_EXCEPTION)
            pool.shutdown(cancel_futures=True)
            for future in finished:
                future.result()
    return np.concatenate([parts.load(name) for name in pieces])[np.argsort(order)]
