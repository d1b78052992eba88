"""Prospector's posterior density of many points at once, in several processes."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

import numpy as np

from digs.config.model import NebularGas, Spectrum
from digs.physics.prior import Prior
from digs.sps.prospector import Prospector, ProspectorPosterior

AT_ONCE = 8  # points that a process is given; few, as some take longer than others


_posterior: ProspectorPosterior | None = None


def _start_worker(settings: Spectrum, gas: NebularGas, prior: Prior, flux: np.ndarray, fraction: float) -> None:
    global _posterior
    _posterior = ProspectorPosterior(Prospector(settings, gas), prior, flux, fraction)


def _log_prob(vector: np.ndarray) -> float:
    with np.errstate(divide="ignore"):  # in Prospector's priors, outside them
        return _posterior(vector)


@contextmanager
def posterior_in_processes(
    settings: Spectrum, gas: NebularGas, prior: Prior, flux: np.ndarray, fraction: float, processes: int
) -> Iterator[Callable[[np.ndarray], np.ndarray]]:
    """Give the function ProspectorPosterior of many vectors at once, (N, 5) to (N,); each process takes 0.9 GB."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, spawn, _start_worker, (settings, gas, prior, flux, fraction)) as pool:
        yield lambda vectors: np.array(list(pool.map(_log_prob, vectors, chunksize=AT_ONCE)))
