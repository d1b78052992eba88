"""One galaxy's posterior: proposals, weights on its own pixels, refinement, and a verdict with its reason."""

import math
from dataclasses import dataclass, replace

import numpy as np
import torch

from digs.base.random_streams import stream
from digs.base.statistics import resample_systematically
from digs.exact.emcee_walk import autocorrelation_time, sample_ensemble
from digs.exact.normal.normal_equations import MassTerms
from digs.inference.engine.cheap_walk import CheapWalk
from digs.inference.engine.draw_pool import DrawPool
from digs.inference.engine.draw_weights import effective_number, kept_draws
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.first_guess import (
    ENOUGH,
    DrawProposal,
    Proposal,
    StandardNormal,
    around_peaks,
    cheap_target,
    first_guess,
    learned_mixture,
)
from digs.inference.engine.fit_check import FitCheck, worst_wavelength
from digs.inference.engine.fixed_covariance import FixedCovariance
from digs.inference.engine.galaxy_problem import GalaxyProblem
from digs.inference.engine.galaxy_search import FoundGalaxy, GalaxySearch
from digs.inference.engine.mass_draws import as_arrays, with_masses
from digs.inference.engine.model_space import ModelSpace
from digs.inference.engine.network_guess import FlowCoordinates, NetworkGuess
from digs.inference.general.general_network import GeneralNetwork
from digs.inference.results.galaxy_draws import OUTSIDE, REFINED, REFITTED, TRUSTED
from digs.observations.spectrum import Spectrum

_MARGIN = 1.2  # times the draws that seem to be enough
_LEAST_SHARE = 0.05  # of the next draws that are taken to be effective, at least
_ROUND = 500, 2000  # draws of a round of refinement, at least and at most
_WALKERS = 48
_BURN_IN = 150  # steps of emcee
_MORE_STARTS = 60  # templates, where the best fit seems to be none
_WIDENED = 2  # times that the dispersions' range may be widened
_FEWEST = 500  # draws of a network that are looked at, at least
_FAR = 3.0  # effective draws of a network, below which nodes and reference are those of what is learned from them
_LOST = 0.01  # of the first draws effective, below which the likeliest galaxy is looked for
_GOOD = 0.1  # of a proposal's draws effective, from which more of these are made rather than a better one learned
_TELLING = 150.0  # effective draws of a network, from which a mixture learns most of what it can
_FEW_ROUNDS, _ROUNDS = 2, 8  # of learning by the cheap likelihood, once that is so and before
_STARTS = 6  # of the network's draws, from which it is


STATISTICS = ("chi_squared", "pixels", "probability", "inflation", "first_efficiency", "calls", "effective")


@dataclass(frozen=True)
class GalaxyPosterior:
    """Weighted draws of one galaxy.

    draws: of theta, shape (draws, P), and log_weight, (draws,); nan where the galaxy is outside the model.
    names: of the columns.
    log_evidence, log_evidence_error: nan where unknown.
    verdict: one of digs.inference.results.galaxy_draws.KINDS; reason: for it, a sentence.
    statistics: the numbers of STATISTICS by name: chi_squared, pixels and probability of the best fit; first_efficiency
        of the first proposal; calls of the likelihood; effective draws behind those that were kept.
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


def guess_from_peaks(found: FoundGalaxy, random: np.random.Generator) -> DrawProposal:
    """Return the proposal that needs no network."""
    forms = FixedCovariance.of_equations(found.problem)
    return first_guess(found.problem, forms, around_peaks(found.peaks), random)


def galaxy_posterior(
    spectrum: Spectrum, settings: EngineSettings, draws: int, seed: int, network: GeneralNetwork | None = None
) -> GalaxyPosterior:
    """Return the posterior of one galaxy, which depends on the spectrum's digest, the seed and the settings alone.

    The network's draws are weighted by a cheap likelihood. Where most of them are effective, they are the first
    proposal; where some are, a mixture that is learned from them; where hardly any is, they are where the search for
    the likeliest galaxy begins. Without a network, templates are.

    Args:
        spectrum: of the galaxy.
        settings: of the engine.
        draws: how many to keep, 1 or more.
        seed: of all random numbers.
        network: of digs.inference.general.
    Raises:
        DigsError: the spectrum cannot be compared with the model.
    """
    task = _Task(spectrum, settings, draws, seed)
    guess = None if network is None else task.guess(network)
    found = None if guess is None else task.by_network(guess)
    if isinstance(found, GalaxyPosterior):
        return found
    return task.by_search(found)


@dataclass(frozen=True)
class _GuessedDraws:
    """Draws in a network's coordinates and what the network makes of them, whatever the problem.

    proposal: that they come from.
    z: shape (N, d); theta and log_q: as NetworkGuess.theta returns them.
    """

    proposal: Proposal
    z: np.ndarray
    theta: np.ndarray
    log_q: np.ndarray

    @property
    def log_proposal(self) -> np.ndarray:
        """Ln of the density that they come from, shape (N,)."""
        return self.proposal.log_prob(self.z)

    def log_target(self, problem: GalaxyProblem, forms: FixedCovariance) -> np.ndarray:
        """Ln of the cheap likelihood times the prior in z, shape (N,)."""
        return cheap_target(problem, forms, *problem.coordinates.inside(self.z, self.theta, self.log_q))

    def some(self, number: int, problem: GalaxyProblem) -> tuple[Proposal, np.ndarray, np.ndarray, np.ndarray]:
        """Proposal, z, theta and log_jacobian of the first draws, as DrawPool.take wants them."""
        there = problem.coordinates.inside(self.z, self.theta, self.log_q)
        return self.proposal, self.z[:number], *(each[:number] for each in there)


class _Task:
    """One galaxy on its way to a posterior."""

    def __init__(self, spectrum: Spectrum, settings: EngineSettings, draws: int, seed: int):
        self._settings, self._draws, self._seed, self._redshift = settings, draws, seed, spectrum.redshift
        self._search = GalaxySearch(spectrum, ModelSpace.of(settings, spectrum.redshift), settings)
        self._key = bytes.fromhex(spectrum.digest)
        self._notes = (*spectrum.notes, *self._search.pixels.notes)
        self._effective = min(settings.effective, draws)

    def guess(self, network: GeneralNetwork) -> NetworkGuess | None:
        """What a network says of the galaxy, if it has learnt its kind."""
        return NetworkGuess.of(network, self._search.pixels, self._redshift, self._settings)

    def by_network(self, guess: NetworkGuess) -> GalaxyPosterior | FoundGalaxy | None:
        """The posterior from the network's draws on, or where they lead the search, or nothing."""
        own = StandardNormal(FlowCoordinates.dimensions)
        z = own.sample(max(self._draws, _FEWEST), stream(self._seed, "network's draws", self._key))
        draws, middle = _GuessedDraws(own, z, *guess.theta(z)), guess.middle()
        box = self._search.around(draws.theta, middle)
        for attempt in range(1 + _WIDENED + 1):
            random = stream(self._seed, f"engine after network {attempt}", self._key)
            problem = replace(box, coordinates=FlowCoordinates(guess, box.coordinates))
            forms = FixedCovariance.of_equations(problem)
            log_weight = draws.log_target(problem, forms) - draws.log_proposal
            reached = effective_number(log_weight)
            learned = learned_mixture(draws.z, log_weight, random, FlowCoordinates.components)
            if reached < _FAR and attempt == 0:
                own = first_guess(problem, forms, learned, random)
                z = own.sample(len(z), random)
                draws = _GuessedDraws(own, z, *guess.theta(z))
                middle = draws.theta[int(draws.log_target(problem, forms).argmax())]
                box = self._search.around(draws.theta, middle)
                continue
            pool = DrawPool(problem)
            if reached >= ENOUGH * len(z):
                first = pool.take(*draws.some(self._draws, problem))
            else:
                rounds = _FEW_ROUNDS if reached >= _TELLING else _ROUNDS
                first = pool.add(first_guess(problem, forms, learned, random, rounds), self._draws, random)
            if not self._search.narrowed(problem, pool.theta, _shares(pool)):
                break
            low, high = problem.coordinates.low[-1], problem.coordinates.high[-1]
            box = self._search.spanning(low - (high - low) / 2, high + (high - low) / 2, middle)
        if first < _LOST:
            return self._search.towards(box, forms, self._best(box, forms, pool.theta))
        check = _check(problem, _likeliest(pool))
        if check.probability < self._settings.significance:  # which a better fit may yet mend
            return None
        if pool.effective >= self._effective:
            return self._finished(pool, TRUSTED, first, check)
        return self._refined(pool, first, check, random)

    @staticmethod
    def _best(box: GalaxyProblem, forms: FixedCovariance, theta: np.ndarray) -> np.ndarray:
        """The z of a few draws that are likeliest, from which the search starts."""
        z = box.coordinates.z(theta)
        likely = cheap_target(box, forms, *box.coordinates.at(z))
        return z[np.argsort(-likely, kind="stable")[:_STARTS]]

    def by_search(self, found: FoundGalaxy | None = None) -> GalaxyPosterior:
        """The posterior of a galaxy that is looked for, or found already."""
        settings = self._settings
        found = self._search.found() if found is None else found
        for attempt in range(_WIDENED + 1):
            random = stream(self._seed, f"engine {attempt}", self._key)
            check = _check(found.problem, _peak(found))
            if check.probability < settings.significance and attempt == 0:  # unless the best fit was missed
                again = self._search.found(_MORE_STARTS)
                better = _check(again.problem, _peak(again))
                found, check = (again, better) if better.chi_squared < check.chi_squared else (found, check)
            if check.probability < settings.significance:
                return _outside(found.problem, check, self._draws, self._notes)
            pool = DrawPool(found.problem)
            first = pool.add(guess_from_peaks(found, random), self._draws, random)
            _refine(pool, self._effective, settings.calls, random)
            if not self._search.narrowed(found.problem, pool.theta, _shares(pool)) or attempt == _WIDENED:
                break
            found = self._search.wider(found)
        if self._settings.walk and (walked := self._chosen_of_walk(found, pool, random)) is not None:
            return self._by_emcee(pool, walked, first, check, random)
        if pool.effective >= self._effective and len(pool) == self._draws:
            return self._finished(pool, TRUSTED, first, check)
        return self._refined(pool, first, check, random)

    def _chosen_of_walk(
        self, found: FoundGalaxy, pool: DrawPool, random: np.random.Generator
    ) -> tuple[np.ndarray, MassTerms, float, int] | None:
        """Draws of a cheap walk that the exact likelihood chooses, as of _walked; none where too few are effective."""
        problem = found.problem
        walk = CheapWalk.of(problem, found.forms, (pool.z, pool.log_weight), self._settings.walk, self._draws, random)
        theta, log_jacobian = problem.coordinates.at(walk.z)
        log_target, terms = problem.evaluate(theta, log_jacobian)
        rows, independent = walk.chosen(log_target, self._draws, random)
        if independent < self._effective:
            return None
        return theta[rows], _some(as_arrays(terms), rows), independent, len(walk.z)

    def _refined(self, pool: DrawPool, first: float, check: FitCheck, random: np.random.Generator) -> GalaxyPosterior:
        """The posterior after refinement, and by emcee if that is not enough."""
        _refine(pool, self._effective, self._settings.calls, random)
        if pool.effective < self._effective and self._settings.walk:
            walked = _walked(pool, self._settings.walk, random)
            if walked is not None:
                return self._by_emcee(pool, walked, first, check, random)
        return self._finished(pool, REFINED, first, check)

    def _finished(self, pool: DrawPool, verdict: str, first: float, check: FitCheck) -> GalaxyPosterior:
        """The posterior of weighted draws."""
        random = stream(self._seed, "engine's end", self._key)
        log_weight, reached = pool.log_weight, pool.effective
        rows, kept = kept_draws(log_weight, self._draws, random)
        theta = with_masses(pool.theta[rows], _some(pool.masses, rows), pool.problem.logmass_range, random)
        statistics = _statistics(check) | {"first_efficiency": first, "calls": float(len(pool)), "effective": reached}
        reason = "" if verdict == TRUSTED else _in_words(first, len(pool), reached, self._effective)
        evidence = _evidence(log_weight)
        return GalaxyPosterior(theta, kept, pool.problem.names, *evidence, verdict, reason, statistics, self._notes)

    def _by_emcee(
        self,
        pool: DrawPool,
        walked: tuple[np.ndarray, MassTerms, float, int],
        first: float,
        check: FitCheck,
        random: np.random.Generator,
    ) -> GalaxyPosterior:
        """The posterior of emcee's draws, with the evidence of the weighted ones."""
        walk, terms, independent, more = walked
        rows = _even_rows(len(walk), self._draws, random)
        theta = with_masses(walk[rows], _some(terms, rows), pool.problem.logmass_range, random)
        statistics = _statistics(check) | {
            "first_efficiency": first,
            "calls": float(len(pool) + more),
            "effective": independent,
        }
        reason = _refitted(independent, self._effective, len(pool))
        evidence = _evidence(pool.log_weight)
        even, names = np.zeros(self._draws), pool.problem.names
        return GalaxyPosterior(theta, even, names, *evidence, REFITTED, reason, statistics, self._notes)


def _shares(pool: DrawPool) -> np.ndarray:
    """Weights that add up to 1."""
    weight = np.exp(pool.log_weight - pool.log_weight.max())
    return weight / weight.sum()


def _evidence(log_weight: np.ndarray) -> tuple[float, float]:
    """Ln of the evidence, and its error."""
    top, reached = log_weight.max(), effective_number(log_weight)
    evidence = float(top + np.log(np.exp(log_weight - top).mean())) if np.isfinite(top) else math.nan
    return evidence, math.sqrt(max(0.0, 1 / max(reached, 1.0) - 1 / len(log_weight)))


def _likeliest(pool: DrawPool) -> np.ndarray:
    """The draw of the highest likelihood, shape (columns,)."""
    return pool.theta[int(np.where(np.isfinite(pool.log_target), pool.peak, -np.inf).argmax())]


def _peak(found: FoundGalaxy) -> np.ndarray:
    """The highest peak, shape (columns,)."""
    return found.problem.coordinates.theta(found.peaks.z[:1])[0]


def _check(problem: GalaxyProblem, theta: np.ndarray) -> FitCheck:
    """The check of one galaxy at its likeliest mass."""
    theta = theta[None].copy()
    mass = problem.mass_terms(torch.as_tensor(theta)).mean.item()
    theta[0, 0] = np.log10(np.clip(mass, *problem.mass_range))
    return FitCheck.of(problem, theta[0])


def _refine(pool: DrawPool, effective: int, calls: int, random: np.random.Generator) -> None:
    """Learn from the draws and add more, until enough are effective or the calls are used up."""
    while (reached := pool.effective) < effective and len(pool) < calls:
        proposal, share = pool.best
        wanted = _MARGIN * (effective - reached) / max(share, _LEAST_SHARE)
        number = int(np.clip(wanted, _ROUND[0], min(_ROUND[1], max(calls - len(pool), _ROUND[0]))))
        if share < _GOOD:
            mixture = learned_mixture(pool.z, pool.log_weight, random, pool.problem.coordinates.components)
            proposal = DrawProposal(mixture)
        pool.add(proposal, number, random)


def _walked(pool: DrawPool, steps: int, random: np.random.Generator) -> tuple[np.ndarray, MassTerms, float, int] | None:
    """Draws of emcee started from the pool's: theta, masses, how many are independent, and calls."""
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
    theta = pool.problem.coordinates.at(chain.flat[rows])[0]
    return theta, as_arrays(pool.problem.mass_terms(torch.as_tensor(theta))), independent, chain.calls


def _some(terms: MassTerms, rows: np.ndarray) -> MassTerms:
    return MassTerms(terms.mean[rows], terms.std[rows], terms.peak[rows])


def _even_rows(count: int, draws: int, random: np.random.Generator) -> np.ndarray:
    return random.choice(count, draws, replace=count < draws)


def _statistics(check: FitCheck) -> dict[str, float]:
    return {
        "chi_squared": check.chi_squared,
        "pixels": float(check.pixels),
        "probability": check.probability,
        "inflation": check.inflation,
    }


def _outside(problem: GalaxyProblem, check: FitCheck, draws: int, notes: tuple[str, ...]) -> GalaxyPosterior:
    names, worst = problem.names, worst_wavelength(problem, check.theta)
    reason = (
        f"the best fit has a chi-squared of {check.chi_squared:.0f} in {check.pixels} pixels, nuisances "
        f"included (p = {check.probability:.1e}), and is worst near {worst:.0f} Angstrom; with errors "
        f"{check.inflation:.2f} times as large, or these pixels masked, it might fit"
    )
    statistics = _statistics(check) | {"first_efficiency": math.nan, "calls": 0.0, "effective": math.nan}
    nan = np.full((draws, len(names)), np.nan)
    return GalaxyPosterior(nan, nan[:, 0], names, math.nan, math.nan, OUTSIDE, reason, statistics, notes)


def _in_words(first: float, calls: int, reached: float, effective: int) -> str:
    words = f"of the first draws {100 * first:.0f}% were effective; {calls} calls have {reached:.0f} effective ones"
    return words if reached >= effective else f"{words}, fewer than the {effective} asked for"


def _refitted(independent: float, effective: int, calls: int) -> str:
    words = f"{calls} weighted draws were not enough; emcee has {independent:.0f} independent ones"
    return words if independent >= effective else f"{words}, fewer than the {effective} asked for"
