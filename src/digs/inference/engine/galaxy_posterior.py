"""One galaxy's posterior: proposals, weights on its own pixels, refinement, and a verdict with its reason."""

import math
from dataclasses import dataclass

import numpy as np
import torch

from digs.base.random_streams import stream
from digs.exact.normal.normal_equations import MassTerms
from digs.inference.engine.draw_pool import DrawPool
from digs.inference.engine.draw_weights import effective_number, kept_draws
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.ensemble_walk import EnsembleWalk
from digs.inference.engine.first_guess import (
    ENOUGH,
    ROUNDS,
    DrawProposal,
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
from digs.inference.engine.guessed_draws import GuessedDraws, few_inside, in_its_coordinates
from digs.inference.engine.mass_draws import as_arrays, with_masses
from digs.inference.engine.model_space import ModelSpace
from digs.inference.engine.network_guess import FlowCoordinates, NetworkGuess
from digs.inference.general.general_network import GeneralNetwork
from digs.inference.results.galaxy_draws import OUTSIDE, REFINED, REFITTED, TRUSTED
from digs.observations.spectrum import Spectrum

_MARGIN = 1.2  # times the draws that seem to be enough
_LEAST_SHARE = 0.05  # of the next draws that are taken to be effective, at least
_ROUND = 500, 2000  # draws of a round of refinement, at least and at most
_LONGER = 2  # times the steps of a walk, where they were too few
_CHOSEN_FROM, _WALKED = 4, 2000  # times as many draws of a walk as are wanted, or so many
_MORE_STARTS = 60  # templates, where the best fit seems to be none
_WIDENED = 2  # times that the dispersions' range may be widened
_FEWEST = 500  # first draws, at least
_FAR = 3.0  # effective draws of a network, below which nodes and reference are those of what is learned from them
_LOST = 0.01  # of the first draws effective, below which the likeliest galaxy is looked for
_GOOD = 0.1  # of a proposal's draws effective, from which more of these are made rather than a better one learned
_TELLING = 150.0  # effective draws of a network, from which a mixture learns most of what it can
_FEW_ROUNDS = 2  # of learning by the cheap likelihood, once that is so
_STARTS = 6  # of the first draws, from which it is


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
    proposal, else a mixture that is learned from them. Where hardly any of its draws is effective, the likeliest of
    them begin a search for the likeliest galaxy. Without a network, templates do, and emcee walks from what is found.

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


def _likeliest_starts(box: GalaxyProblem, forms: FixedCovariance, theta: np.ndarray) -> np.ndarray:
    """The z of a few draws that are likeliest, from which the search starts; theta has no mass, (N, columns)."""
    z = box.coordinates.z(np.column_stack([np.zeros(len(theta)), theta]))
    likely = cheap_target(box, forms, *box.coordinates.at(z))
    return z[np.argsort(-likely, kind="stable")[:_STARTS]]


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
        own, number = StandardNormal(FlowCoordinates.dimensions), max(self._draws, _FEWEST)
        z = own.sample(number, stream(self._seed, "network's draws", self._key))
        draws, middle = GuessedDraws.of(guess, own, z), guess.middle()
        box = self._search.around(draws.theta, middle)
        problem, forms = in_its_coordinates(guess, box)
        log_weight = draws.log_weight(problem, forms)
        if few_inside(log_weight):
            return self._search.towards(box, forms, _likeliest_starts(box, forms, draws.theta))
        if effective_number(log_weight) < _FAR:  # the galaxy is not amid these draws: nodes and reference move to it
            random = stream(self._seed, "engine far from network", self._key)
            own = draws.better(problem, forms, log_weight, random)
            z = own.sample(number, random)
            draws = GuessedDraws.of(guess, own, z)
            middle = draws.theta[int(draws.log_target(problem, forms).argmax())]
            box = self._search.around(draws.theta, middle)
            problem, forms = in_its_coordinates(guess, box)
            log_weight = draws.log_weight(problem, forms)
            if few_inside(log_weight):
                return self._search.towards(box, forms, _likeliest_starts(box, forms, draws.theta))
        for attempt in range(_WIDENED + 1):
            random = stream(self._seed, f"engine after network {attempt}", self._key)
            pool, reached = DrawPool(problem), effective_number(log_weight)
            if reached >= ENOUGH * number:
                first = pool.take(draws.proposal, draws.z, *draws.at(problem))
            else:
                rounds = _FEW_ROUNDS if reached >= _TELLING else ROUNDS
                proposal = draws.better(problem, forms, log_weight, random, rounds)
                first = pool.add(proposal, number, random)
            if attempt == _WIDENED or not self._search.narrowed(problem, pool.theta, _shares(pool)):
                break
            low, high = problem.coordinates.low[-1], problem.coordinates.high[-1]
            box = self._search.spanning(low - (high - low) / 2, high + (high - low) / 2, middle)
            problem, forms = in_its_coordinates(guess, box)
            log_weight = draws.log_weight(problem, forms)
        if first < _LOST:
            return self._search.towards(box, forms, _likeliest_starts(box, forms, pool.theta[:, 1:]))
        check = _check(problem, _likeliest(pool))
        if check.probability < self._settings.significance:  # which a better fit may yet mend
            return None
        if pool.effective >= self._effective:
            return self._finished(pool, TRUSTED, first, check)
        return self._refined(pool, first, check, random)

    def by_search(self, found: FoundGalaxy | None = None) -> GalaxyPosterior:
        """The posterior of a galaxy that is looked for, or found already."""
        settings, number = self._settings, max(self._draws, _FEWEST)
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
            first = pool.add(guess_from_peaks(found, random), number, random)
            _refine(pool, self._effective, settings.calls, random)
            if not self._search.narrowed(found.problem, pool.theta, _shares(pool)) or attempt == _WIDENED:
                break
            found = self._search.wider(found)
        if self._settings.walk and (walked := self._walked_cheaply(found, pool, random)):
            return self._by_emcee(pool, walked, first, check, random)
        if pool.effective >= self._effective and len(pool) == number:
            return self._finished(pool, TRUSTED, first, check)
        return self._refined(pool, first, check, random)

    def _walked_cheaply(self, found: FoundGalaxy, pool: DrawPool, random: np.random.Generator) -> "_WalkedDraws | None":
        """Draws of a walk on the cheap likelihood that the exact one chooses; none, and a note, if it is too short."""
        problem, log_target = found.problem, lambda z: cheap_target(found.problem, found.forms, *coordinates.at(z))
        coordinates, start = problem.coordinates, (pool.z, pool.log_weight)
        walk = EnsembleWalk.of(log_target, start, self._settings.walk, random)
        if walk is not None and not walk.independent:
            walk = EnsembleWalk.of(log_target, start, _LONGER * self._settings.walk, random)
        if walk is None:
            return None
        if not walk.independent:
            self._notes = (*self._notes, "a walk of emcee was too short to settle, so that tails may be missed")
            return None
        theta, log_jacobian = coordinates.at(walk.z[: max(_CHOSEN_FROM * self._draws, _WALKED)])
        log_exact, terms = problem.evaluate(theta, log_jacobian)
        rows, independent = walk.chosen(self._draws, log_exact, random)
        words = f"no network tells where to draw, and emcee walked; it has {independent:.0f} independent draws"
        reason = _compared(words, independent, self._effective)
        return _WalkedDraws(theta[rows], _some(as_arrays(terms), rows), independent, walk.calls, reason)

    def _walked_exactly(self, pool: DrawPool, random: np.random.Generator) -> "_WalkedDraws | None":
        """Draws of a walk on the exact likelihood, which begins at the pool's."""
        problem = pool.problem
        walk = EnsembleWalk.of(problem.log_target, (pool.z, pool.log_weight), self._settings.walk, random)
        if walk is None:
            return None
        theta = problem.coordinates.at(walk.z[: max(self._draws, _WALKED)])[0]
        rows = random.choice(len(theta), self._draws, replace=len(theta) < self._draws)
        terms = as_arrays(problem.mass_terms(torch.as_tensor(theta[rows])))
        words = f"{len(pool)} weighted draws were not enough; emcee has {walk.independent:.0f} independent ones"
        reason = _compared(words, walk.independent, self._effective)
        return _WalkedDraws(theta[rows], terms, walk.independent, walk.calls, reason)

    def _refined(self, pool: DrawPool, first: float, check: FitCheck, random: np.random.Generator) -> GalaxyPosterior:
        """The posterior after refinement, and by emcee if that is not enough."""
        _refine(pool, self._effective, self._settings.calls, random)
        if pool.effective < self._effective and self._settings.walk:
            walked = self._walked_exactly(pool, random)
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
        walked: "_WalkedDraws",
        first: float,
        check: FitCheck,
        random: np.random.Generator,
    ) -> GalaxyPosterior:
        """The posterior of emcee's draws, with the evidence of the weighted ones."""
        theta = with_masses(walked.theta, walked.masses, pool.problem.logmass_range, random)
        statistics = _statistics(check) | {
            "first_efficiency": first,
            "calls": float(len(pool) + walked.calls),
            "effective": walked.independent,
        }
        evidence = _evidence(pool.log_weight)
        even, names = np.zeros(self._draws), pool.problem.names
        return GalaxyPosterior(theta, even, names, *evidence, REFITTED, walked.reason, statistics, self._notes)


@dataclass(frozen=True)
class _WalkedDraws:
    """Draws of a walk.

    theta: shape (draws, columns), without their mass, and masses given these.
    independent: how many the walk has.
    calls: of a likelihood.
    reason: for the verdict, a sentence.
    """

    theta: np.ndarray
    masses: MassTerms
    independent: float
    calls: int
    reason: str


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


def _some(terms: MassTerms, rows: np.ndarray) -> MassTerms:
    return MassTerms(terms.mean[rows], terms.std[rows], terms.peak[rows])


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
    return _compared(words, reached, effective)


def _compared(words: str, reached: float, effective: int) -> str:
    return words if reached >= effective else f"{words}, fewer than the {effective} asked for"
