"""One galaxy's posterior: proposals, weights on its own pixels, refinement, and a verdict with its reason."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from digs.base.errors import DigsError
from digs.base.random_streams import stream
from digs.base.statistics import resample_systematically
from digs.exact.emcee_walk import autocorrelation_time, sample_ensemble
from digs.exact.normal.normal_equations import MassTerms
from digs.inference.engine.draw_pool import DrawPool, effective_number, thinned
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.first_guess import DrawProposal, first_guess, learned_mixture
from digs.inference.engine.fit_check import FitCheck, fit_check
from digs.inference.engine.galaxy_search import FoundGalaxy, GalaxySearch
from digs.inference.engine.mass_draws import draw_logmass
from digs.inference.engine.model_space import ModelSpace
from digs.inference.results.galaxy_draws import OUTSIDE, REFINED, REFITTED, TRUSTED
from digs.observations.spectrum import Spectrum

_MARGIN = 1.2  # times the draws that seem to be enough
_LEAST_SHARE = 0.05  # of the next draws that are taken to be effective, at least
_ROUND = 500, 2000  # draws of a round of refinement, at least and at most
_WALKERS = 48
_BURN_IN = 150  # steps of emcee
_MORE_STARTS = 60  # templates, where the best fit seems to be none
_WIDENED = 2  # times that the dispersions' range may be widened

Proposer = Callable[[FoundGalaxy, np.random.Generator], DrawProposal]  # what a network would be, too


@dataclass(frozen=True)
class GalaxyPosterior:
    """Weighted draws of one galaxy.

    draws: of theta, shape (draws, P), and log_weight, (draws,); nan where the galaxy is outside the model.
    names: of the columns.
    log_evidence, log_evidence_error: nan where unknown.
    verdict: one of digs.inference.results.galaxy_draws.KINDS; reason: for it, a sentence.
    statistics: numbers by name: chi_squared, pixels and probability of the best fit; first_efficiency of the first
        proposal; calls of the likelihood; effective draws behind those that were kept.
    notes: sentences on what was done to the spectrum.
    """

    draws: np.ndarray
    log_weight: np.ndarray
    names: tuple[str, ...]
    log_evidence: float
    log_evidence_error: float
    verdict: str
    reason: str
    statistics: dict[str, float]
    notes: tuple[str, ...]


def guess_from_templates(found: FoundGalaxy, random: np.random.Generator) -> DrawProposal:
    """Return the proposal that needs no network: digs.inference.engine.first_guess."""
    return first_guess(found.problem, found.forms, found.peaks, random)


def galaxy_posterior(
    spectrum: Spectrum,
    settings: EngineSettings,
    draws: int,
    seed: int,
    proposers: Sequence[Proposer] = (guess_from_templates,),
) -> GalaxyPosterior:
    """Return the posterior of one galaxy, which depends on the spectrum's digest, the seed and the settings alone.

    Args:
        spectrum: of the galaxy.
        settings: of the engine.
        draws: how many to keep, 1 or more.
        seed: of all random numbers.
        proposers: what makes the first proposals, one after the other until enough draws are effective.
    Raises:
        DigsError: the spectrum cannot be compared with the model.
    """
    space = ModelSpace.of(settings, spectrum.redshift)
    search = GalaxySearch(spectrum, space, settings)
    found = search.found()
    key = bytes.fromhex(spectrum.digest)
    notes = (*spectrum.notes, *search.pixels.notes)
    effective = min(settings.effective, draws)
    for attempt in range(_WIDENED + 1):
        random = stream(seed, f"engine {attempt}", key)
        check = _check(found, settings)
        if check.probability < settings.significance and attempt == 0:  # unless the best fit was missed
            again = search.found(_MORE_STARTS)
            better = _check(again, settings)
            found, check = (again, better) if better.chi_squared < check.chi_squared else (found, check)
        if check.probability < settings.significance:
            return _outside(found, check, draws, notes)
        pool = DrawPool(found.problem)
        verdict, first = _proposed(pool, found, proposers, draws, effective, random)
        if verdict != TRUSTED:
            _refine(pool, effective, settings.calls, random)
            verdict = REFINED
        log_weight = pool.log_weight
        weight = np.exp(log_weight - log_weight.max())
        if not search.narrowed(found, pool.z, weight / weight.sum()) or attempt == _WIDENED:
            break
        found = search.wider(found)
    reached = effective_number(log_weight)
    error = math.sqrt(max(0.0, 1 / max(reached, 1.0) - 1 / len(pool)))
    top = log_weight.max()
    evidence = float(top + np.log(np.exp(log_weight - top).mean())) if np.isfinite(top) else math.nan
    statistics = _statistics(check) | {"first_efficiency": first, "calls": float(len(pool))}
    if reached < effective and settings.walk:
        walked = _walked(pool, settings.walk, random)
        if walked is not None:
            z, terms, independent, calls = walked
            rows, kept = _even_rows(len(z), draws, random), np.zeros(draws)
            theta = _theta(found, z[rows], _some(terms, rows), random)
            statistics |= {"calls": len(pool) + calls, "effective": independent}
            reason = _refitted(independent, effective, len(pool))
            return GalaxyPosterior(
                theta, kept, found.problem.names, evidence, error, REFITTED, reason, statistics, notes
            )
    if len(pool) > draws:
        rows, kept = thinned(log_weight, draws, random)
    else:
        rows, kept = np.arange(draws), log_weight[:draws]
    theta = _theta(found, pool.z[rows], _some(pool.masses, rows), random)
    statistics["effective"] = reached
    reason = "" if verdict == TRUSTED else _refined(first, pool, reached, effective)
    return GalaxyPosterior(theta, kept, found.problem.names, evidence, error, verdict, reason, statistics, notes)


def _check(found: FoundGalaxy, settings: EngineSettings) -> FitCheck:
    """The check of the likeliest galaxy, at its likeliest mass."""
    problem = found.problem
    theta = problem.coordinates.theta(found.peaks.z[:1])
    mass = problem.mass_terms(torch.as_tensor(theta)).mean.item()
    low, high = problem.logmass_range
    theta[0, 0] = np.log10(np.clip(mass, 10.0**low, 10.0**high))
    return fit_check(problem, theta[0], settings.nuisances)


def _proposed(
    pool: DrawPool,
    found: FoundGalaxy,
    proposers: Sequence[Proposer],
    draws: int,
    effective: int,
    random: np.random.Generator,
) -> tuple[str, float]:
    """Draw from the first proposals; whether these do, and the efficiency of the first."""
    if not proposers:
        raise DigsError("There is no proposal; give one or more.")
    first = math.nan
    for propose in proposers:
        share = pool.add(propose(found, random), draws, random)
        first = share if math.isnan(first) else first
        if effective_number(pool.log_weight) >= effective:
            return TRUSTED, first
    return REFINED, first


def _refine(pool: DrawPool, effective: int, calls: int, random: np.random.Generator) -> None:
    """Learn from the draws and add more, until enough are effective or the calls are used up."""
    share = effective_number(pool.log_weight) / len(pool)
    while (reached := effective_number(pool.log_weight)) < effective and len(pool) < calls:
        wanted = _MARGIN * (effective - reached) / max(share, _LEAST_SHARE)
        number = int(np.clip(wanted, _ROUND[0], min(_ROUND[1], max(calls - len(pool), _ROUND[0]))))
        share = pool.add(DrawProposal(learned_mixture(pool.z, pool.log_weight, random)), number, random)


def _walked(pool: DrawPool, steps: int, random: np.random.Generator) -> tuple[np.ndarray, MassTerms, float, int] | None:
    """Draws of emcee started from the pool's: z, masses, how many are independent, and calls."""
    log_weight = pool.log_weight
    if np.isfinite(log_weight).sum() < _WALKERS:
        return None
    start = pool.z[resample_systematically(log_weight, _WALKERS, random)]
    start = start + 1e-3 * random.standard_normal(start.shape)  # no two walkers at one place
    seed = int(random.integers(2**31))
    chain = sample_ensemble(pool.problem.log_target, start, [_BURN_IN], steps, seed, description="Refit")
    time = np.nanmax(autocorrelation_time(chain.theta))
    independent = float(len(chain.flat) / max(time, 1.0)) if np.isfinite(time) else 0.0
    rows = random.permutation(len(chain.flat))[: max(2000, int(independent))]
    z = chain.flat[rows]
    return z, _arrays(pool.problem.evaluate(z)[1]), independent, chain.calls


def _arrays(terms: MassTerms) -> MassTerms:
    return MassTerms(terms.mean.numpy(), terms.std.numpy(), terms.peak.numpy())


def _some(terms: MassTerms, rows: np.ndarray) -> MassTerms:
    return MassTerms(terms.mean[rows], terms.std[rows], terms.peak[rows])


def _even_rows(count: int, draws: int, random: np.random.Generator) -> np.ndarray:
    return random.choice(count, draws, replace=count < draws)


def _theta(found: FoundGalaxy, z: np.ndarray, terms: MassTerms, random: np.random.Generator) -> np.ndarray:
    """Draws with their masses."""
    theta = found.problem.coordinates.theta(z)
    theta[:, 0] = draw_logmass(terms, *found.problem.logmass_range, random.random(len(z)))
    return theta


def _statistics(check: FitCheck) -> dict[str, float]:
    return {
        "chi_squared": check.chi_squared,
        "pixels": float(check.pixels),
        "probability": check.probability,
        "inflation": check.inflation,
    }


def _outside(found: FoundGalaxy, check: FitCheck, draws: int, notes: tuple[str, ...]) -> GalaxyPosterior:
    names = found.problem.names
    reason = (
        f"the best fit has a chi-squared of {check.chi_squared:.0f} for {check.degrees} degrees of freedom, nuisances "
        f"included (p = {check.probability:.1e}), and is worst near {check.worst:.0f} Angstrom; with errors "
        f"{check.inflation:.2f} times as large, or these pixels masked, it might fit"
    )
    statistics = _statistics(check) | {"first_efficiency": math.nan, "calls": 0.0, "effective": math.nan}
    nan = np.full((draws, len(names)), np.nan)
    return GalaxyPosterior(nan, nan[:, 0], names, math.nan, math.nan, OUTSIDE, reason, statistics, notes)


def _refined(first: float, pool: DrawPool, reached: float, effective: int) -> str:
    words = (
        f"of the first draws {100 * first:.0f}% were effective; {len(pool)} in all have {reached:.0f} effective ones"
    )
    return words if reached >= effective else f"{words}, fewer than the {effective} asked for"


def _refitted(independent: float, effective: int, calls: int) -> str:
    words = f"{calls} weighted draws were not enough; emcee has {independent:.0f} independent ones"
    return words if independent >= effective else f"{words}, fewer than the {effective} asked for"
