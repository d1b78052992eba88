"""Prospector's posterior densities of many points, in several processes."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import repeat

import numpy as np

from digs.config.model import NebularGas, Spectrum
from digs.physics.prior import Prior
from digs.sps.prospector import Prospector, ProspectorPosterior

AT_ONCE = 8  # points that a process is given; few, as some take longer than others


_prospector: Prospector | None = None


def _start_worker(settings: Spectrum, gas: NebularGas) -> None:
    global _prospector
    _prospector = Prospector(settings, gas)


def _log_prob(theta: np.ndarray, prior: Prior, flux: np.ndarray, fraction: float) -> float:
    with np.errstate(divide="ignore"):  # in Prospector's priors, outside them
        log_prob = ProspectorPosterior(_prospector, prior, flux, fraction)(_prospector.vector(theta))
    return log_prob + float(_prospector.log_jacobian(theta))


@contextmanager
def prospector_densities(
    settings: Spectrum, gas: NebularGas, processes: int
) -> Iterator[Callable[[np.ndarray, Prior, np.ndarray, float], np.ndarray]]:
    """Give a function that returns ln posterior, as a density in theta, of theta, (N, 5), up to a constant, (N,).

    Its arguments are theta, and prior, flux and fraction as of ProspectorPosterior. Each process takes 0.9 GB.
    """
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, spawn, _start_worker, (settings, gas)) as pool:

        def log_prob(theta: np.ndarray, prior: Prior, flux: np.ndarray, fraction: float) -> np.ndarray:
            alike = repeat(prior), repeat(flux), repeat(fraction)
            return np.array(list(pool.map(_log_prob, theta, *alike, chunksize=AT_ONCE)))

        yield log_prob
