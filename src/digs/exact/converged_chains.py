"""Posteriors by emcee with the exact likelihood: ensembles of many galaxies, walked on until they converge."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from digs.base.statistics import QUANTILES
from digs.config.model import Walk
from digs.config.theta import NAMES
from digs.exact.emcee_walk import vectorised
from digs.exact.ensembles import effective_sample_size, split_r_hat, walk
from digs.exact.likelihood import PosteriorDensity, RelativeDensity, log_joint
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator


@dataclass(frozen=True)
class ConvergedChains:
    """What is kept of the chains of N galaxies.

    draws, shape (N, draws, 5), and quantiles at QUANTILES of the whole chains, (N, quantiles, 5); r_hat and
    sample_size, (N, 5), which tell whether they have converged, (N,).
    """

    draws: np.ndarray
    quantiles: np.ndarray
    r_hat: np.ndarray
    sample_size: np.ndarray
    converged: np.ndarray


def converged(r_hat: np.ndarray, sample_size: np.ndarray, settings: Walk) -> np.ndarray:
    """Return whether chains, by their R-hat and sample size, (N, 5), obey the rules in every parameter, shape (N,)."""
    return (r_hat <= settings.r_hat).all(1) & (sample_size >= settings.sample_size).all(1)


def exact_chains(
    simulator: Simulator,
    prior: Prior,
    flux: Tensor,
    fraction: float,
    start: Tensor,
    draws: int,
    settings: Walk,
    seed: int,
    random: np.random.Generator,
    description: str,
) -> ConvergedChains:
    """Sample exact posteriors with emcee (Foreman-Mackey et al. 2013), by the ensembles of digs.exact.ensembles.

    Args:
        simulator: of the model spectra.
        prior: of theta.
        flux: observed F_lambda, shape (N, pixels).
        fraction: of the noise, in units of the model flux.
        start: where the walkers start, shape (N, ensembles * walkers, 5), inside the prior.
        draws: how many to keep of each galaxy's chains.
        settings: lengths of the walks and rules of convergence; galaxies that break these are walked on.
        seed: of the walks.
        random: chooses what is kept.
        description: of the progress bars.
    Returns:
        draws and quantiles of the N posteriors, and whether the chains have converged.

    Example:
        >>> import numpy as np, torch, digs
        >>> from digs.config import load_params
        >>> from digs.config.model import Walk
        >>> from digs.exact import exact_chains
        >>> from digs.physics import Prior
        >>> theta = torch.tensor([[10.5, -0.4, 0.6, 1.6, -0.9]])
        >>> simulator, prior, random = digs.Simulator(), Prior.over(load_params().prior), np.random.default_rng(1)
        >>> short = Walk(
        ...     ensembles=2, walkers=10, burn_in=5, steps=20, thin=2, r_hat=1.01, sample_size=1000, extensions=0
        ... )
        >>> start = theta + 0.01 * torch.randn(1, 20, 5, generator=torch.Generator().manual_seed(1))
        >>> chains = exact_chains(simulator, prior, simulator(theta), 0.05, start, 30, short, 1, random, "Example")
        >>> chains.draws.shape, chains.converged.tolist()  # much too short a walk
        ((1, 30, 5), [False])
    """
    number = len(flux)
    shape = (settings.ensembles, settings.walkers, len(NAMES))
    kept, quantiles = np.empty((number, draws, len(NAMES))), np.empty((number, len(QUANTILES), len(NAMES)))
    r_hat, size = np.empty((2, number, len(NAMES)))
    good = np.zeros(number, dtype=bool)
    waiting = np.arange(number)

    def density_of(galaxies: np.ndarray) -> RelativeDensity:
        return RelativeDensity(PosteriorDensity(simulator, prior, flux[galaxies], fraction))

    position = density_of(waiting).phi(start.flatten(0, 1)).numpy().reshape(number, *shape)
    for attempt in range(1 + settings.extensions):
        density, longer = density_of(waiting), 2**attempt
        burn_in = settings.burn_in if attempt == 0 else 0
        phi = walk(
            vectorised(density), position, burn_in, settings.steps * longer, settings.thin * longer, seed + attempt,
            f"{description}, attempt {attempt + 1}, {len(waiting)} galaxies",
        )  # fmt: skip
        position = phi[:, :, :, -1].astype(float)
        theta = density.theta(torch.as_tensor(phi, dtype=torch.float64).reshape(-1, len(NAMES))).numpy()
        for galaxy, chain in zip(waiting, theta.reshape(phi.shape), strict=True):
            r_hat[galaxy], size[galaxy] = split_r_hat(chain), effective_sample_size(chain)
            flat = chain.reshape(-1, len(NAMES))
            quantiles[galaxy] = np.quantile(flat, QUANTILES, axis=0)
            kept[galaxy] = flat[random.choice(len(flat), draws, replace=len(flat) < draws)]
        good[waiting] = converged(r_hat[waiting], size[waiting], settings)
        position, waiting = position[~good[waiting]], waiting[~good[waiting]]
        if not len(waiting):
            break
    return ConvergedChains(kept, quantiles, r_hat, size, good)


_EDGE = 1e-4  # of the prior's sides: rounded draws may lie on them


def starts(prior: Prior, draws: np.ndarray, walkers: int, random: np.random.Generator) -> Tensor:
    """Return different draws of each galaxy where walkers may start, inside the prior, shape (N, walkers, 5).

    Args:
        draws: of the posteriors, shape (N, draws, 5).
    """
    chosen = np.stack([each[random.choice(len(each), walkers, replace=False)] for each in draws])
    unit = prior.to_unit(torch.as_tensor(chosen, dtype=torch.float64))
    return prior.from_unit(unit.clamp(_EDGE, 1 - _EDGE))


FAR_BELOW = 25.0  # nat; a normal posterior of five parameters has one draw in 10^9 so far below its maximum


def stuck_draws(log_prob: Tensor) -> Tensor:
    """Return which draws lie that far below the best of their galaxy, shape (N, draws), by ln posterior so shaped."""
    return log_prob < log_prob.amax(1, keepdim=True) - FAR_BELOW


_FEW = 1e-3  # of the draws; walkers that are stuck and have no more do not count


def stuck_walkers(
    simulator: Simulator, prior: Prior, draws: np.ndarray, flux: Tensor, fraction: float
) -> dict[str, float]:
    """Return how many galaxies have more than _FEW of their draws from stuck walkers, and the largest such share.

    Args:
        draws: of the chains, shape (N, draws, 5), with the posteriors of flux, shape (N, pixels).
        fraction: of the noise.
    """
    log_prob = log_joint(simulator, prior, torch.as_tensor(draws), flux, fraction)
    # rounding has put some outside the prior
    share = (stuck_draws(log_prob) & torch.isfinite(log_prob)).double().mean(1)
    return {"galaxies": int((share > _FEW).sum()), "largest_share": share.max().item()}
