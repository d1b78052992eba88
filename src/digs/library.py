"""Many reference spectra: in parallel over processes, and resumable.

Spectra are made in parts. Each finished part is a file of its own, renamed into place, so that an interrupted
run loses no more than the part under way. The parts' folder is named by a hash of everything they depend on.
"""

import hashlib
import json
import multiprocessing
import shutil
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from pathlib import Path

import numpy as np

from digs.artifacts import replacing
from digs.params import Spectrum
from digs.progress import progress
from digs.prospector import Prospector
from digs.sps import SPSData

PART = 50  # spectra; a few seconds of work

_simulator: Prospector | None = None


def _start_worker(settings: Spectrum) -> None:
    global _simulator
    _simulator = Prospector(settings)


def _make_part(theta: np.ndarray, path: Path) -> int:
    flux = np.stack([_simulator(row) for row in theta])
    with replacing(path) as temporary:
        np.save(temporary, flux)
    return len(theta)


def parts_folder(theta: np.ndarray, settings: Spectrum, data: SPSData, scratch: Path) -> Path:
    """Where the parts of these spectra are kept until all are done."""
    key = hashlib.sha256(theta.tobytes())
    key.update(json.dumps([settings.model_dump(), data.fingerprint, PART]).encode())
    return scratch / key.hexdigest()[:16]


def simulate_library(theta: np.ndarray, settings: Spectrum, data: SPSData, scratch: Path, processes: int) -> np.ndarray:
    """Reference spectra of theta, shape (N, 5), as F_lambda, shape (N, pixels), float64.

    Args:
        scratch: folder for unfinished work, which another call with the same arguments takes up.
        processes: each takes 0.9 GB and a minute to start.
    """
    folder = parts_folder(theta, settings, data, scratch)
    folder.mkdir(parents=True, exist_ok=True)
    starts = range(0, len(theta), PART)
    files = [folder / f"{start:07d}.npy" for start in starts]
    todo = [(theta[start : start + PART], file) for start, file in zip(starts, files, strict=True) if not file.exists()]
    done = len(theta) - sum(len(part) for part, _ in todo)
    if todo:
        workers = min(processes, len(todo))
        spawn = multiprocessing.get_context("spawn")
        with (
            progress(total=len(theta), initial=done, desc="Prospector spectra", unit="spectra") as bar,
            ProcessPoolExecutor(workers, spawn, _start_worker, (settings,)) as pool,
        ):
            pending = [pool.submit(_make_part, *part) for part in todo]
            for future in pending:
                future.add_done_callback(lambda f: None if f.cancelled() or f.exception() else bar.update(f.result()))
            finished, _ = wait(pending, return_when=FIRST_EXCEPTION)
            pool.shutdown(cancel_futures=True)
            for future in finished:
                future.result()
    return np.concatenate([np.load(file) for file in files])


def forget(theta: np.ndarray, settings: Spectrum, data: SPSData, scratch: Path) -> None:
    """Remove the parts of spectra that are safely stored elsewhere."""
    shutil.rmtree(parts_folder(theta, settings, data, scratch), ignore_errors=True)
