"""Reference posteriors by emcee (Foreman-Mackey et al. 2013), all walkers of an ensemble in one call."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import emcee
import numpy as np
import torch

from digs.base.progress import progress
from digs.base.random_streams import mersenne_twister
from digs.physics.prior import Prior

Density = Callable[[np.ndarray], np.ndarray]  # ln of a density of many points, (N, dimensions) to (N,)


@dataclass(frozen=True)
class Chain:
    """An ensemble's walk after burn-in.

    theta: shape (walkers, steps, dimensions).
    log_prob: shape (walkers, steps).
    acceptance: shape (walkers,).
    seconds and calls (of the density, one for each theta) count burn-in and walk.
    """

    theta: np.ndarray
    log_prob: np.ndarray
    acceptance: np.ndarray
    seconds: float
    calls: int

    @property
    def flat(self) -> np.ndarray:
        """Return all positions, walker after walker, shape (walkers * steps, dimensions)."""
        return self.theta.reshape(-1, self.theta.shape[-1])


def vectorised(density: Callable[[torch.Tensor], torch.Tensor]) -> Density:
    """Return a density over tensors as one over arrays."""
    return lambda theta: density(torch.as_tensor(theta)).numpy()


def sample_ensemble(
    log_prob: Density,
    start: np.ndarray,
    burn_in: list[int],
    steps: int,
    seed: int,
    thin: int = 1,
    description: str = "emcee",
) -> Chain:
    """Walk with emcee's stretch move.

    Between two rounds of burn-in the walkers are gathered around the best point found, spread as the better half of the
    ensemble is, as Prospector does it; this frees walkers that are stuck far away.

    Args:
        log_prob: the density.
        start: first positions, shape (walkers, dimensions), inside the support.
        burn_in: steps of each round of burn-in; may be empty.
        steps: how many are walked after it, and every thin-th kept.
    """
    random = np.random.default_rng(seed)
    walkers, dimensions = start.shape
    sampler = emcee.EnsembleSampler(walkers, dimensions, log_prob, vectorize=True)
    state = emcee.State(start, random_state=mersenne_twister(seed).get_state())  # the kind that emcee takes
    began = time.perf_counter()
    with progress(total=sum(burn_in) + steps, desc=description, unit="step") as bar:
        for round_number, length in enumerate(burn_in):
            if round_number:
                around = gathered(state.coords, state.log_prob, log_prob, random)
                state = emcee.State(around, random_state=state.random_state)
            for state in sampler.sample(state, iterations=length, store=False):  # noqa: B007, B020
                bar.update()
        sampler.reset()
        for _ in sampler.sample(state, iterations=steps // thin, thin_by=thin):
            bar.update(thin)
    return Chain(
        theta=sampler.get_chain().swapaxes(0, 1),
        log_prob=sampler.get_log_prob().T,
        acceptance=sampler.acceptance_fraction,
        seconds=time.perf_counter() - began,
        calls=walkers * (sum(burn_in) + steps),
    )


def gathered(
    position: np.ndarray,
    log_prob_there: np.ndarray,
    log_prob: Density,
    random: np.random.Generator,
) -> np.ndarray:
    """Draw walkers around the best one with the covariance of the better half, inside the support.

    Args:
        position: of the walkers, shape (walkers, dimensions).
        log_prob_there: their density, shape (walkers,).
        log_prob: as in sample_ensemble.
    """
    order = np.argsort(log_prob_there)[::-1]
    walkers, dimensions = position.shape
    half = position[order[: max(walkers // 2, 2)]]
    covariance = np.cov(half, rowvar=False).reshape(dimensions, dimensions)
    around = np.empty((0, dimensions))
    while len(around) < walkers:
        drawn = random.multivariate_normal(position[order[0]], covariance, size=walkers)
        around = np.concatenate([around, drawn[np.isfinite(log_prob(drawn))]])
    return around[:walkers]


def start_from_prior(prior: Prior, walkers: int, generator: torch.Generator) -> np.ndarray:
    """Draw first positions of the walkers, shape (walkers, 5)."""
    return prior.sample(walkers, generator).numpy()


def autocorrelation_time(theta: np.ndarray, thin: int = 1) -> np.ndarray:
    """Return integrated autocorrelation times in steps, shape (dimensions,), of walks, (walkers, steps, dimensions)."""
    return thin * emcee.autocorr.integrated_time(theta.swapaxes(0, 1), tol=0)
