"""Posteriors by emcee with the exact likelihood: ensembles of many galaxies, walked on until they converge."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from digs.base.random_streams import stream
from digs.base.statistics import QUANTILES
from digs.config.model import Walk
from digs.config.theta import NAMES
from digs.exact.ensembles import effective_sample_size, split_r_hat, walk
from digs.exact.side_by_side import SideBySide
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator


@dataclass(frozen=True)
class ConvergedChains:
    """What is kept of the chains of N galaxies.

    draws, shape (N, draws, 5), and quantiles at QUANTILES of the whole chains, (N, quantiles, 5); r_hat and
    sample_size, (N, 5), and farthest, how far in nat the lowest ln posterior lies below the best, (N,), which tell
    whether they have converged, (N,).
    """

    draws: np.ndarray
    quantiles: np.ndarray
    r_hat: np.ndarray
    sample_size: np.ndarray
    farthest: np.ndarray
    converged: np.ndarray


def converged(r_hat: np.ndarray, sample_size: np.ndarray, farthest: np.ndarray, settings: Walk) -> np.ndarray:
    """Return whether chains obey the rules, shape (N,).

    Args:
        r_hat, sample_size: shape (N, 5); they must be right in every parameter.
        farthest: shape (N,), as of ConvergedChains.
    """
    mixed = (r_hat <= settings.r_hat).all(1) & (sample_size >= settings.sample_size).all(1)
    return mixed & (farthest <= settings.far_below)


def exact_chains(
    simulator: Simulator,
    prior: Prior,
    flux: Tensor,
    fraction: float,
    start: Tensor,
    draws: int,
    settings: Walk,
    seed: int,
    keys: Sequence[bytes],
    description: str,
) -> ConvergedChains:
    """Sample exact posteriors with emcee (Foreman-Mackey et al. 2013), by the ensembles of digs.exact.ensembles.

    The chains of a galaxy depend on the seed, its key and its start, to the bit, and not on which others are walked.

    Args:
        simulator: of the model spectra.
        prior: of theta.
        flux: observed F_lambda, shape (N, pixels).
        fraction: of the noise, in units of the model flux.
        start: where the walkers start, shape (N, ensembles * walkers, 5), inside the prior.
        draws: how many to keep of each galaxy's chains.
        settings: lengths of the walks and rules of convergence; galaxies that break these are walked on.
        seed: of the walks and of what is kept.
        keys: of the galaxies' random numbers, as of random_streams.galaxy_keys.
        description: of the progress bars.
    Returns:
        draws and quantiles of the N posteriors, and whether the chains have converged.

    Example:
        >>> import torch, digs
        >>> from digs.config import load_params
        >>> from digs.config.model import Walk
        >>> from digs.exact import exact_chains
        >>> from digs.physics import Prior
        >>> theta = torch.tensor([[10.5, -0.4, 0.6, 1.6, -0.9]])
        >>> simulator, prior = digs.Simulator(), Prior.over(load_params().prior)
        >>> short = Walk(
        ...     ensembles=2, walkers=10, burn_in=5, steps=20, thin=2, r_hat=1.01, sample_size=1000, extensions=0
        ... )
        >>> start = theta + 0.01 * torch.randn(1, 20, 5, generator=torch.Generator().manual_seed(1))
        >>> chains = exact_chains(simulator, prior, simulator(theta), 0.05, start, 30, short, 1, [b"one"], "Example")
        >>> chains.draws.shape, chains.converged.tolist()  # much too short a walk
        ((1, 30, 5), [False])
    """
    number = len(flux)
    shape = (settings.ensembles, settings.walkers, len(NAMES))
    kept, quantiles = np.empty((number, draws, len(NAMES))), np.empty((number, len(QUANTILES), len(NAMES)))
    r_hat, size = np.empty((2, number, len(NAMES)))
    farthest, good = np.empty(number), np.zeros(number, dtype=bool)
    densities = SideBySide(simulator, prior, flux, fraction)
    streams = [stream(seed, "walk", key) for key in keys]
    waiting = np.arange(number)
    position = np.stack(
        [density.phi(first).numpy().reshape(shape) for density, first in zip(densities.each, start, strict=True)]
    )
    for attempt in range(1 + settings.extensions):
        longer = 2**attempt
        phi, log_prob = walk(
            densities.together(waiting),
            position,
            settings.burn_in,
            settings.steps * longer,
            settings.thin * longer,
            seed + attempt,
            [streams[galaxy] for galaxy in waiting],
            settings.far_below,
            f"{description}, attempt {attempt + 1}, {len(waiting)} galaxies",
        )
        position = phi[:, :, :, -1].astype(float)
        for galaxy, walked, there in zip(waiting, phi, log_prob, strict=True):
            flat_phi = torch.as_tensor(walked, dtype=torch.float64).reshape(-1, len(NAMES))
            flat = densities.each[galaxy].theta(flat_phi).numpy()
            chain = flat.reshape(walked.shape)
            r_hat[galaxy], size[galaxy] = split_r_hat(chain), effective_sample_size(chain)
            farthest[galaxy] = there.max() - there.min()
            quantiles[galaxy] = np.quantile(flat, QUANTILES, axis=0)
            chosen = stream(seed, "kept", keys[galaxy]).choice(len(flat), draws, replace=len(flat) < draws)
            kept[galaxy] = flat[chosen]
        good[waiting] = converged(r_hat[waiting], size[waiting], farthest[waiting], settings)
        position, waiting = position[~good[waiting]], waiting[~good[waiting]]
        if not len(waiting):
            break
    return ConvergedChains(kept, quantiles, r_hat, size, farthest, good)


_EDGE = 1e-4  # of the prior's sides: rounded draws may lie on them


def starts(prior: Prior, draws: np.ndarray, walkers: int, seed: int, keys: Sequence[bytes]) -> Tensor:
    """Return different draws of each galaxy where walkers may start, inside the prior, shape (N, walkers, 5).

    Args:
        draws: of the posteriors, shape (N, draws, 5).
        seed, keys: as of exact_chains.
    """
    chosen = np.stack(
        [
            each[stream(seed, "starts", key).choice(len(each), walkers, replace=False)]
            for each, key in zip(draws, keys, strict=True)
        ]
    )
    unit = prior.to_unit(torch.as_tensor(chosen, dtype=torch.float64))
    return prior.from_unit(unit.clamp(_EDGE, 1 - _EDGE))
