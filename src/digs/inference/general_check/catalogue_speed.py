"""Seconds and memory of runs over catalogues and of single spectra, each in a process of its own."""

import resource
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import psutil
import torch

from digs.inference.catalogue.catalogue_file import open_catalogue
from digs.inference.catalogue.catalogue_run import CatalogueRun, run_catalogue
from digs.inference.catalogue.result_store import ResultStore
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.galaxy_search import reachable_pixels
from digs.inference.engine.network_guess import NetworkGuess
from digs.inference.engine.spectra_inference import one_posterior
from digs.inference.engine.spectrum_posteriors import SpectrumPosteriors
from digs.inference.general.general_network import stored_general_network
from digs.inference.results.drawing_process import drawing_process
from digs.inference.results.galaxy_draws import KINDS
from digs.inference.results.posterior_table import write_table
from digs.observations.reading import SpectrumFile
from digs.physics.stored_populations import stored_populations

T = TypeVar("T")

_WARM = 2  # galaxies that a process infers before it is timed
_GB = 1e9
_PAUSE = 0.5  # seconds between looks at the memory


def alone(work: Callable[..., T], *arguments: Any) -> T:
    """Return what a function returns in a new process."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def at_once(work: Callable[..., T], *arguments: Any) -> list[T]:
    """Return what a function returns in each of two new processes, at the same time."""
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        return [each.result() for each in [pool.submit(work, *arguments) for _ in range(2)]]


def catalogue_cost(
    path: Path, out: Path, draws: int, seed: int, workers: int, scheduler: str | None = None
) -> dict[str, Any]:
    """Return the seconds, the processors' seconds and the peak memory in GB of a run, and how many have which verdict.

    Starting processes is part of it. The memory is that of this process and its workers together, in which what they
    share counts once.

    Args:
        path: of the catalogue.
        out: of its posteriors.
        draws, seed: as of digs.infer.
        workers, scheduler: as of run_catalogue.
    """
    start, before = time.perf_counter(), _processor_seconds()
    with _peak_memory() as looks:
        store = run_catalogue(CatalogueRun(path, EngineSettings(), draws, seed), out, workers, scheduler)
    seconds, cpu = time.perf_counter() - start, _processor_seconds() - before
    counts = np.bincount(store.group["verdict"][:], minlength=len(KINDS)).tolist()
    return {
        "seconds": seconds,
        "cpu_seconds": cpu,
        "peak_gb": max(looks) / _GB,
        "verdicts": dict(zip(KINDS, counts, strict=True)),
    }


def inference_seconds(path: Path, galaxies: int, draws: int, seed: int) -> float:
    """Return the seconds of the first galaxies' posteriors, one after the other, once the process is warm.

    Args:
        path: of a catalogue.
        galaxies: how many.
        draws, seed: as of digs.infer.
    """
    torch.set_num_threads(1)
    with open_catalogue(path) as catalogue:
        spectra = [catalogue[row] for row in range(galaxies)]
    for spectrum in spectra[:_WARM]:
        one_posterior(spectrum, EngineSettings(), draws, seed)
    start = time.perf_counter()
    for spectrum in spectra:
        one_posterior(spectrum, EngineSettings(), draws, seed)
    return time.perf_counter() - start


def gain_of_two(path: Path, galaxies: int, draws: int, seed: int) -> dict[str, float]:
    """Return by how much more two processes that know nothing of each other do than one, and the seconds of both.

    No way to share the work between two processes of this machine can gain more.

    Args:
        path, galaxies, draws, seed: as of inference_seconds, for each of them.
    """
    asked = path, galaxies, draws, seed
    one = alone(inference_seconds, *asked)
    two = max(at_once(inference_seconds, *asked))
    return {"one": one, "two": two, "gain": 2 * one / two}


def single_seconds(path: Path, number: int, out: Path, draws: int, seed: int) -> list[float]:
    """Return the seconds from the file to table and pictures, one spectrum at a time, once the process is warm.

    Args:
        path: of a small catalogue, whose first spectra are inferred.
        number: of spectra.
        out: folder for tables and pictures.
        draws, seed: as of digs.infer.
    """
    torch.set_num_threads(1)
    found = []
    with drawing_process() as executor:
        for row in range(-_WARM, number):
            start = time.perf_counter()
            with SpectrumFile(path) as file:
                spectrum = file[max(row, 0)]
            posterior = one_posterior(spectrum, EngineSettings(), draws, seed)
            label = stored_populations().label
            one = SpectrumPosteriors.of([posterior], [spectrum], [f"galaxy {row}"], EngineSettings(), label)
            write_table(one.table, out / f"{row}.ecsv")
            if one.there[0]:
                one.write_pictures(0, out, f"galaxy_{row}", executor)
            if row >= 0:
                found.append(time.perf_counter() - start)
    return found


def sampler_seconds(path: Path, galaxies: int, draws: int, seed: int) -> dict[str, float]:
    """Return the seconds of sbi's own sampler for a galaxy, features included, and of the features alone.

    It draws from the network without weights.

    Args:
        path: of a catalogue, whose first galaxies are taken.
        galaxies: how many.
        draws: of each.
        seed: of the draws.
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    network, features, every = stored_general_network(), 0.0, 0.0
    with open_catalogue(path) as catalogue:
        for row in range(-_WARM, galaxies):
            spectrum = catalogue[max(row, 0)]
            start = time.perf_counter()
            pixels = reachable_pixels(spectrum, EngineSettings())
            guess = NetworkGuess.of(network, pixels, spectrum.redshift, EngineSettings())
            seen = time.perf_counter() - start
            if guess is not None:
                with torch.no_grad():
                    network.flow.estimator.sample((draws,), network.flow.context(guess.features[None]))
            if row >= 0:
                features, every = features + seen, every + time.perf_counter() - start
    return {"seconds": every / galaxies, "features": features / galaxies}


def same_posteriors(one: Path, other: Path) -> bool:
    """Return whether two stores have the same arrays, to the bit."""
    first, second = ResultStore(one, "r").group, ResultStore(other, "r").group
    names = sorted(first.array_keys())
    if names != sorted(second.array_keys()):
        return False
    return all(first[name][:].tobytes() == second[name][:].tobytes() for name in names)


@contextmanager
def _peak_memory() -> Iterator[list[int]]:
    """Gives bytes that this process and its children take together, looked at again and again."""
    this, done = psutil.Process(), threading.Event()
    together = lambda: sum(map(_proportional, (this, *this.children(recursive=True))))
    looks = [together()]

    def look() -> None:
        while not done.wait(_PAUSE):
            looks.append(together())

    watch = threading.Thread(target=look, daemon=True)
    watch.start()
    try:
        yield looks
    finally:
        done.set()
        watch.join()


def _proportional(process: psutil.Process) -> int:
    """Bytes of a process, of what it shares its part; none where it has ended."""
    try:
        return process.memory_full_info().pss
    except psutil.Error:
        return 0


def _processor_seconds() -> float:
    """Of this process and of those that it has waited for."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
