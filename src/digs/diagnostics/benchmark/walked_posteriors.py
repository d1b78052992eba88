"""emcee on galaxies of the benchmark, as a judge of the references.

Walkers start from posteriors of wider noise, so that they find what references may have missed.
"""

from collections.abc import Sequence

import numpy as np
import torch

from digs.base.random_streams import galaxy_keys, generator, stream
from digs.base.statistics import QUANTILES, resample
from digs.config.model import Walk
from digs.config.stages.benchmark_settings import WalkedGalaxies
from digs.config.theta import NAMES
from digs.diagnostics.benchmark.references import ReferenceSampler
from digs.exact.converged_chains import ConvergedChains, converged, exact_chains, starts
from digs.exact.ensembles import effective_sample_size, split_r_hat, walk
from digs.exact.pixel_density import PixelDensity

_WIDE = 1000  # weighted draws of a posterior of wider noise
_DESCRIPTION = "emcee"


def walked_posteriors(
    sampler: ReferenceSampler, flux: np.ndarray, sigma: np.ndarray | None, settings: WalkedGalaxies, seed: int
) -> ConvergedChains:
    """Return what is kept of the chains of N galaxies; none of their draws is.

    Args:
        sampler: of whose posteriors these are.
        flux, sigma: as ReferenceSampler takes them.
        settings: of the walks, and how many times wider than the noise that is which walkers start from.
        seed: of all random numbers.
    """
    keys = galaxy_keys(flux if sigma is None else np.concatenate([flux, sigma], 1))
    noise = settings.wider * (sampler.fraction if sigma is None else 1.0)
    wide = ReferenceSampler(sampler.simulator, sampler.prior, noise, sampler.settings)
    weighted = wide.weighted(flux, None if sigma is None else settings.wider * sigma, _WIDE, seed)
    walkers = settings.ensembles * settings.walkers
    log_weight = torch.as_tensor(np.stack([one.log_weight for one in weighted]))
    chosen = [
        one.draws[resample(weight[None], walkers, generator(seed, f"walkers {key!r}"))[0]]
        for one, weight, key in zip(weighted, log_weight, keys, strict=True)
    ]
    start = starts(sampler.prior, np.stack(chosen), walkers, seed, keys)
    if sigma is None:
        data = torch.as_tensor(flux)
        return exact_chains(
            sampler.simulator, sampler.prior, data, sampler.fraction, start, 1, settings, seed, keys, _DESCRIPTION
        )
    densities = [sampler.density(*each) for each in zip(flux, sigma, strict=True)]
    return chains_of_densities(densities, start, settings, seed, keys)


def chains_of_densities(
    densities: Sequence[PixelDensity], start: torch.Tensor, settings: Walk, seed: int, keys: Sequence[bytes]
) -> ConvergedChains:
    """Return what is kept of chains with any noise, as of digs.exact.converged_chains.exact_chains; no draws are.

    Args:
        densities: of N galaxies.
        start: theta of walkers, shape (N, ensembles * walkers, 5).
        settings, seed, keys: as of exact_chains.
    """
    number, parameters = len(densities), len(NAMES)
    quantiles, (r_hat, size) = np.empty((number, len(QUANTILES), parameters)), np.zeros((2, number, parameters))
    farthest, waiting = np.empty(number), np.arange(number)
    streams = [stream(seed, "walk", key) for key in keys]
    shape = (settings.ensembles, settings.walkers, parameters)
    places = np.stack([one.phi(first.numpy()).reshape(shape) for one, first in zip(densities, start, strict=True)])
    for attempt in range(1 + settings.extensions):
        some = [densities[galaxy] for galaxy in waiting]

        def log_prob(rows: np.ndarray, some: list[PixelDensity] = some) -> np.ndarray:
            blocks = np.split(rows, len(some))
            return np.concatenate([density(block) for density, block in zip(some, blocks, strict=True)])

        steps, thin = settings.steps * 2**attempt, settings.thin * 2**attempt
        own = [streams[galaxy] for galaxy in waiting]
        phi, there = walk(
            log_prob, places, settings.burn_in, steps, thin, seed + attempt, own, settings.far_below, _DESCRIPTION
        )
        for place, galaxy in enumerate(waiting):
            theta = some[place].theta(phi[place].reshape(-1, parameters))
            chain = theta.reshape(phi[place].shape)
            quantiles[galaxy] = np.quantile(theta, QUANTILES, axis=0)
            r_hat[galaxy], size[galaxy] = split_r_hat(chain), effective_sample_size(chain)
            farthest[galaxy] = np.ptp(there[place])
        good = converged(r_hat, size, farthest, settings)
        places, waiting = phi[~good[waiting], :, :, -1].astype(float), waiting[~good[waiting]]
        if not len(waiting):
            break
    return ConvergedChains(np.empty((number, 0, parameters)), quantiles, r_hat, size, farthest, good)


def to_rows(chains: ConvergedChains) -> np.ndarray:
    """Return all that is kept but draws, an array of rows of parameters for each of N galaxies, (N, rows, 5)."""
    whole = np.stack([chains.farthest, chains.converged], 1)[..., None].repeat(len(NAMES), 2)
    return np.concatenate([whole, np.stack([chains.r_hat, chains.sample_size], 1), chains.quantiles], 1)


def from_rows(rows: np.ndarray) -> ConvergedChains:
    """Return what to_rows was given, without draws."""
    farthest, good, r_hat, size, *_ = rows.swapaxes(0, 1)
    nothing = np.empty((len(rows), 0, len(NAMES)))
    return ConvergedChains(nothing, rows[:, 4:], r_hat, size, farthest[:, 0], good[:, 0].astype(bool))
