"""emcee on Prospector itself, for hours: one density in several processes, and a walk in parts that can be taken up."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

import numpy as np

from digs.mcmc import Chain, gathered, sample_ensemble
from digs.parts import Parts
from digs.priors import Prior
from digs.progress import progress
from digs.prospector import Prospector, ProspectorPosterior
from digs.settings import PART_STEPS, Spectrum

Density = Callable[[np.ndarray], np.ndarray]
AT_ONCE = 8  # points that a process is given; few, as some take longer than others

_posterior: ProspectorPosterior | None = None


def _start_worker(settings: Spectrum, flux: np.ndarray, fraction: float) -> None:
    global _posterior
    _posterior = ProspectorPosterior(Prospector(settings), Prior(), flux, fraction)


def _log_prob(vector: np.ndarray) -> float:
    with np.errstate(divide="ignore"):  # in Prospector's priors, outside them
        return _posterior(vector)


@contextmanager
def posterior_in_processes(settings: Spectrum, flux: np.ndarray, fraction: float, processes: int) -> Iterator[Density]:
    """ProspectorPosterior of many vectors at once, (N, 5) to (N,); each process takes 0.9 GB."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, spawn, _start_worker, (settings, flux, fraction)) as pool:
        yield lambda vectors: np.array(list(pool.map(_log_prob, vectors, chunksize=AT_ONCE)))


def walk_in_parts(
    log_prob: Density, start: np.ndarray, burn_in: list[int], steps: int, parts: Parts, seed: int
) -> Chain:
    """Walk as sample_ensemble does, but keep every PART_STEPS steps; parts that are done are not done again.

    Args:
        start: first positions, shape (walkers, dimensions), inside the support.
        burn_in, steps: multiples of PART_STEPS.
    Returns:
        the walk after burn-in. Its calls count all parts; its seconds are so many times those of the median part, as an
        interruption or other work may stretch some of them.
    """
    random = np.random.default_rng(seed)
    position, seconds, acceptance = start, [], []
    lengths = [*burn_in, steps]
    with progress(total=sum(lengths), desc="Prospector's chain", unit="step") as bar:
        for round_number, length in enumerate(lengths):
            theta, density = [], []
            for first in range(0, length, PART_STEPS):
                name = f"{round_number}-{first:05d}"
                if name not in parts:
                    part_seed = int(np.random.SeedSequence([seed, round_number, first]).generate_state(1)[0])
                    chain = sample_ensemble(log_prob, position, [], PART_STEPS, part_seed)
                    alike = np.broadcast_to([chain.seconds, chain.acceptance.mean()], (*chain.log_prob.shape, 2))
                    parts.save(name, np.concatenate([chain.theta, chain.log_prob[..., None], alike], -1))
                part = parts.load(name)
                theta.append(part[..., :-3])
                density.append(part[..., -3])
                seconds.append(part[0, 0, -2])
                acceptance.append(part[0, 0, -1])
                position = theta[-1][:, -1]
                bar.update(PART_STEPS)
            if round_number < len(burn_in) - 1:
                if f"{round_number}-around" not in parts:
                    parts.save(f"{round_number}-around", gathered(position, density[-1][:, -1], log_prob, random))
                position = parts.load(f"{round_number}-around")
    return Chain(
        theta=np.concatenate(theta, 1),
        log_prob=np.concatenate(density, 1),
        acceptance=np.full(len(start), np.mean(acceptance[-(steps // PART_STEPS) :])),
        seconds=float(np.median(seconds)) * len(seconds),
        calls=len(start) * (sum(lengths) + sum(lengths) // PART_STEPS),  # emcee asks for the first positions of a part
    )
