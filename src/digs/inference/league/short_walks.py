"""emcee as it was published, but for a small part of the steps: the walkers of many galaxies side by side.

The walkers start all over the prior, make stretch moves (Goodman & Weare 2010) in theta, and are gathered around the
best one between rounds of burn-in (digs.exact.emcee_walk); each galaxy's walk as if it were alone.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import emcee
import numpy as np
import torch

from digs.base.random_streams import mersenne_twister, stream
from digs.exact.brute_force.weights import log_likelihoods
from digs.exact.emcee_walk import Density, gathered
from digs.exact.ensembles import OwnStreams, StretchApart
from digs.inference.league.method import Answer, Method, ObservedSpectra
from digs.physics.compiled_spectra import CompiledSpectra
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator


class ThetaDensity:
    """ln of likelihood times prior of many galaxies over theta, of rows in equal blocks, one a galaxy.

    A point has the same value, to the bit, whatever is evaluated beside it.

    Args:
        spectra: of the model.
        prior: of theta.
        fraction: of the noise, in units of the model's flux.
        flux: observed, (galaxies, pixels).
    """

    def __init__(self, spectra: CompiledSpectra, prior: Prior, fraction: float, flux: np.ndarray):
        self.spectra, self.prior, self.fraction = spectra, prior, fraction
        self.flux = flux.astype(float)

    def log_prior(self, theta: np.ndarray) -> np.ndarray:
        """Return ln of the prior, (N,); -inf outside it."""
        return self.prior.log_prob(torch.as_tensor(theta)).numpy()

    def __call__(self, theta: np.ndarray) -> np.ndarray:
        """Return ln of the density, (N,), of theta, (N, 5); -inf outside the prior."""
        inside = np.clip(theta, self.prior.low.numpy(), self.prior.high.numpy())
        models = self.spectra(inside).numpy().reshape(len(self.flux), -1, self.flux.shape[1])
        found = log_likelihoods(self.flux, np.empty((len(self.flux), 0)), self.fraction, models)
        return found.ravel() + self.log_prior(theta)


def short_walk(
    log_prob: Density, support: Density, start: np.ndarray, rounds: list[int], steps: int, streams: list
) -> np.ndarray:
    """Return where the walkers of each galaxy are in each of the last steps, (galaxies, walkers * steps, dimensions).

    Args:
        log_prob: ln of the density of rows in equal blocks, one a galaxy.
        support: finite where that is, of any rows.
        start: first positions, (galaxies, walkers, dimensions), an even number of walkers.
        rounds: steps of each round of burn-in.
        steps: how many are walked after it.
        streams: of the galaxies' random numbers.
    """
    shape, random = start.shape, OwnStreams(streams)
    rows = start.reshape(-1, shape[-1])
    sampler = emcee.EnsembleSampler(
        len(rows), shape[-1], log_prob, moves=StretchApart(len(streams), random), vectorize=True
    )
    one_move = mersenne_twister(0).get_state()  # emcee draws which move comes next, and there is one
    state = emcee.State(rows, random_state=one_move)
    for number, length in enumerate(rounds):
        if number:
            each = zip(state.coords.reshape(shape), state.log_prob.reshape(shape[:2]), streams, strict=True)
            around = np.concatenate([gathered(position, there, support, own) for position, there, own in each])
            state = emcee.State(around, random_state=one_move)
        *_, state = sampler.sample(state, iterations=length, store=False, skip_initial_state_check=True)
    walking = sampler.sample(state, iterations=steps, store=False, skip_initial_state_check=True)
    return np.concatenate([state.coords.reshape(shape).copy() for state in walking], 1)


@dataclass(frozen=True, kw_only=True)
class ShortWalks(Method):
    """A share of the published steps, at least as many as it takes for enough draws.

    walkers, burn_in, iterations: as published. share: of these steps. at_once: galaxies side by side.
    """

    walkers: int
    burn_in: tuple[int, ...]
    iterations: int
    share: float
    at_once: int

    @cached_property
    def spectra_of_model(self) -> CompiledSpectra:
        """Return the simulator."""
        return CompiledSpectra(Simulator())

    def answer(self, spectra: ObservedSpectra) -> Answer:
        """Return draws, chosen at random from the last steps."""
        groups = (spectra[slice(first, first + self.at_once)] for first in range(0, len(spectra), self.at_once))
        return Answer(np.concatenate([self._walk(group) for group in groups]))

    def _walk(self, spectra: ObservedSpectra) -> np.ndarray:
        prior, draws = self.terms.prior, self.terms.draws
        density = ThetaDensity(self.spectra_of_model, prior, self.terms.fraction, spectra.flux)
        streams = [stream(self.terms.seed, "short walk", key) for key in spectra.keys]
        unit = np.stack([random.random((self.walkers, len(prior.low))) for random in streams])
        start = prior.from_unit(torch.from_numpy(unit)).numpy()
        rounds = [math.ceil(self.share * length) for length in self.burn_in]
        steps = max(math.ceil(self.share * self.iterations), math.ceil(draws / self.walkers))
        found = short_walk(density, density.log_prior, start, rounds, steps, streams)
        return np.stack([one[random.permutation(len(one))[:draws]] for one, random in zip(found, streams, strict=True)])
