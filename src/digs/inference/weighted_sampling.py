"""Weighted draws of exact posteriors by a grid or a network: what they are worth and what they cost."""

import resource
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import torch
from torch import Tensor

from digs.base.statistics import efficiency, log_evidence, ratio_and_shift, reweighted_quantiles, with_error
from digs.diagnostics.per_parameter import statistic_per_parameter
from digs.exact.brute_force.grid import Grid
from digs.inference.importance import log_weights
from digs.inference.posterior import Posterior
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

Weighted = tuple[Tensor, Tensor]  # draws, (N, draws, 5), and ln weights, (N, draws)
Method = Callable[[Tensor, int], Weighted]  # of spectra, (N, pixels), and a number of draws


def methods(prior: Prior, fraction: float, network: str, seed: int) -> dict[str, Method]:
    """Return the two ways to weighted draws, by name.

    Args:
        prior: of theta.
        fraction: standard deviation of the noise in units of the model's flux.
        network: that proposes.
        seed: of all draws.
    """
    simulator, posterior = Simulator(), Posterior.load(network)
    grid = Grid(simulator, prior, fraction)

    def by_grid(flux: Tensor, draws: int) -> Weighted:
        found = grid.posterior(flux, draws, seed)
        return found.draws, found.log_weight

    def by_network(flux: Tensor, draws: int) -> Weighted:
        proposed = posterior.sample(flux, draws, seed)
        return proposed, log_weights(posterior, simulator, proposed, flux)

    return {"grid": by_grid, "network": by_network}


def in_batches(method: Method, flux: Tensor, draws: int, batch: int) -> Weighted:
    """Return weighted draws of all galaxies, so many galaxies a call."""
    parts = [method(part, draws) for part in flux.split(batch)]
    return torch.cat([part[0] for part in parts]), torch.cat([part[1] for part in parts])


def shares(log_weight: Tensor, resampled: np.ndarray) -> dict[str, dict[str, float]]:
    """Return the median and the 5th percentile, over galaxies, of the effective share of draws, with their errors."""
    share = efficiency(log_weight).numpy()
    return {
        "efficiency": with_error(share, np.median, resampled),
        "efficiency_5": with_error(share, lambda values: np.quantile(values, 0.05), resampled),
    }


def against_chains(found: Weighted, chains: np.ndarray, resampled: np.ndarray) -> dict[str, Any]:
    """Return medians, over galaxies, of ratios of half-widths and of |shifts| in half-widths, with their errors.

    Args:
        chains: quantiles of the same galaxies' reference chains, (N, quantiles, 5).
    """
    ratio, shift = ratio_and_shift(reweighted_quantiles(found[0].double().numpy(), found[1]), chains)
    return statistic_per_parameter({"ratio": ratio, "shift": np.abs(shift)}, np.median, resampled)


def against_evidence(log_weight: Tensor, nested: np.ndarray) -> dict[str, float]:
    """Return the median, the median size and the largest of differences of ln evidence from nested sampling, (N,)."""
    difference = log_evidence(log_weight).numpy() - nested
    return {
        "median": float(np.median(difference)),
        "median_size": float(np.median(np.abs(difference))),
        "largest": float(np.abs(difference).max()),
    }


def peak_memory(prior: Prior, fraction: float, flux: Tensor, draws: int, batch: int, threads: int) -> float:
    """Return the most memory, in GB, that a process took in which a grid was set up and used, and nothing else."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_memory_of_grid, prior, fraction, flux, draws, batch, threads).result()


def _memory_of_grid(prior: Prior, fraction: float, flux: Tensor, draws: int, batch: int, threads: int) -> float:
    torch.set_num_threads(threads)
    grid = Grid(Simulator(), prior, fraction)
    for part in flux.split(batch):
        grid.posterior(part, draws)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
