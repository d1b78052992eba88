"""emcee on the exact likelihood of one spectrum, until it has converged, beside the engine's weighted draws."""

from dataclasses import replace

import numpy as np
import torch

from digs.base.random_streams import stream
from digs.base.statistics import QUANTILES, ratio_and_shift, resample_systematically, weighted_quantiles
from digs.config.model import Walk
from digs.exact.ensembles import effective_sample_size, split_r_hat, walk
from digs.inference.engine.fixed_covariance import likely_amounts
from digs.inference.engine.galaxy_posterior import GalaxyPosterior
from digs.inference.engine.galaxy_problem import GalaxyProblem
from digs.inference.engine.galaxy_search import GalaxySearch
from digs.inference.engine.mass_draws import as_arrays, with_masses
from digs.inference.engine.model_space import ModelSpace
from digs.inference.general_check.made_spectra import MadeGalaxy

_KEPT = 20_000  # positions, whose masses are looked at
_JITTER = 1e-3  # in z, so that no two walkers start at one place


def independent_problem(made: MadeGalaxy, posterior: GalaxyPosterior) -> GalaxyProblem:
    """Return the likelihood whose floor is around a spectrum that owes nothing to the engine's draws: a Wiener filter.

    Args:
        made: the galaxy.
        posterior: whose dispersions the nodes span.
    """
    space = ModelSpace.of(made.settings, made.spectrum.redshift)
    search = GalaxySearch(made.spectrum, space, made.settings)
    random = stream(0, "dispersions", bytes.fromhex(made.spectrum.digest))
    rows = resample_systematically(posterior.log_weight, len(posterior.draws), random)
    rest = posterior.draws[rows, 1:]
    problem = search.around(rest, np.median(rest, axis=0))
    return replace(problem, reference=likely_amounts(problem, problem.middle))


def chains_beside(made: MadeGalaxy, posterior: GalaxyPosterior, settings: Walk, seed: int) -> np.ndarray:
    """Return how the engine's draws differ from chains that start from some of them, shape (columns + 1, 2).

    The first row says whether the chains have converged, by R-hat, effective sample size and how far they reach, and
    how many points they took; the others have the ratio of half-widths and the difference of medians in half-widths of
    the chains, for each column of the posterior.

    Args:
        made: the galaxy.
        posterior: of the engine.
        settings: lengths and rules of the walk.
        seed: of the walk.
    """
    problem, key = independent_problem(made, posterior), bytes.fromhex(made.spectrum.digest)
    random = stream(seed, "chains beside", key)
    shape = (1, settings.ensembles, settings.walkers, len(problem.coordinates.low))
    rows = resample_systematically(posterior.log_weight, settings.ensembles * settings.walkers, random)
    start = problem.coordinates.z(posterior.draws[rows])
    position = (start + _JITTER * random.standard_normal(start.shape)).reshape(shape)
    good, calls = False, 0
    for attempt in range(1 + settings.extensions):
        steps, thin = settings.steps * 2**attempt, settings.thin * 2**attempt
        lengths = settings.burn_in, steps, thin
        z, there = walk(problem.log_target, position, *lengths, seed + attempt, [random], settings.far_below)
        position, chain = z[:, :, :, -1].astype(float), z[0].astype(float)
        calls += settings.ensembles * settings.walkers * (settings.burn_in + steps)
        mixed = (split_r_hat(chain) <= settings.r_hat).all()
        enough = (effective_sample_size(chain) >= settings.sample_size).all()
        good = bool(mixed and enough and there.max() - there.min() <= settings.far_below)
        if good:
            break
    flat = chain.reshape(-1, shape[-1])
    kept = flat[random.choice(len(flat), min(len(flat), _KEPT), replace=False)]
    theta = problem.coordinates.theta(kept)
    masses = as_arrays(problem.mass_terms(torch.as_tensor(theta)))
    theta = with_masses(theta, masses, problem.logmass_range, random)
    weight = np.exp(posterior.log_weight - posterior.log_weight.max())
    ours = weighted_quantiles(posterior.draws, weight / weight.sum())
    ratio, shift = ratio_and_shift(ours[None], np.quantile(theta, QUANTILES, axis=0)[None])
    return np.concatenate([[[float(good), float(calls)]], np.stack([ratio[0], shift[0]], 1)])
