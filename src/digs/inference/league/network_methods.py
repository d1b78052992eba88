"""Trained networks as methods of the league: their draws alone, weighted, and as digs.infer uses them."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from digs.base.random_streams import stream
from digs.base.statistics import resample_systematically
from digs.flows.network_files import NETWORKS
from digs.inference.importance import log_weights
from digs.inference.league.method import Answer, Method, ObservedSpectra
from digs.inference.network_inference import OUTSIDE, infer
from digs.inference.posterior import NoPosteriorError, Posterior
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator


class NetworkOrPrior:
    """A network's posterior, and the prior of galaxies that the network has none for."""

    def __init__(self, network: str):
        self.posterior = Posterior.load(network)
        self.prior = Prior(self.posterior.record.prior_low, self.posterior.record.prior_high)

    def sample(self, flux: Tensor, draws: int, seed: int, ids: list[str] | None = None) -> np.ndarray:
        """Return draws, (N, draws, 5), as of Posterior.sample."""
        try:
            return self.posterior.sample(flux, draws, seed, ids).numpy()
        except NoPosteriorError as error:
            found = np.empty((len(flux), draws, len(self.prior.low)))
            kept = np.setdiff1d(np.arange(len(flux)), error.rows)
            found[kept] = self.sample(flux[kept], draws, seed, None if ids is None else [ids[row] for row in kept])
            keys = self.posterior.keys(flux, ids)
            for row in error.rows:
                unit = stream(seed, "draws of the prior", keys[row]).random(found.shape[1:])
                found[row] = self.prior.from_unit(torch.from_numpy(unit)).numpy()
            return found

    def log_prob(self, draws: np.ndarray, flux: Tensor) -> np.ndarray:
        """Return ln of the density, (N, draws), at draws."""
        try:
            return self.posterior.log_prob(draws, flux).double().numpy()
        except NoPosteriorError as error:
            found = self.prior.log_prob(torch.from_numpy(draws)).numpy()
            kept = np.setdiff1d(np.arange(len(flux)), error.rows)
            found[kept] = self.log_prob(draws[kept], flux[kept])
            return found


@dataclass(frozen=True, kw_only=True)
class OfNetwork(Method):
    """A method that rests on one of the networks of this paper."""

    network: str

    @property
    def inputs(self) -> tuple[Path, ...]:
        """Return the files that it reads."""
        return (*super().inputs, *(NETWORKS / f"{self.network}.{end}" for end in ("json", "safetensors")))

    def training(self) -> dict[str, float]:
        """Return what training took."""
        return {key: self.of_network.posterior.record.training[key] for key in ("cpu_seconds", "epochs")}

    @cached_property
    def of_network(self) -> NetworkOrPrior:
        """Return the network."""
        return NetworkOrPrior(self.network)


@dataclass(frozen=True, kw_only=True)
class NetworkAlone(OfNetwork):
    """Draws of a network."""

    def answer(self, spectra: ObservedSpectra) -> Answer:
        """Return draws."""
        return Answer(self.of_network.sample(spectra.tensor, self.terms.draws, self.terms.seed))

    def completed(self, spectra: ObservedSpectra, answer: Answer) -> Answer:
        """Return the answer with its density."""
        return replace(answer, log_prob=self.of_network.log_prob(answer.draws, spectra.tensor))


@dataclass(frozen=True, kw_only=True)
class NetworkWeighted(OfNetwork):
    """Draws chosen from more of a network's by their weights: sampling, importance resampling (Rubin 1988)."""

    @cached_property
    def simulator(self) -> Simulator:
        """Return the simulator of the weights."""
        return Simulator()

    def answer(self, spectra: ObservedSpectra) -> Answer:
        """Return draws; those of the prior where the network has no posterior."""
        terms, posterior = self.terms, self.of_network.posterior
        flux, many = spectra.tensor, terms.candidates * terms.draws
        try:
            candidates = posterior.sample(flux, many, terms.seed)
        except NoPosteriorError as error:
            kept = np.setdiff1d(np.arange(len(flux)), error.rows)
            draws = self.of_network.sample(flux, terms.draws, terms.seed)
            draws[kept] = self.answer(spectra[kept]).draws
            return Answer(draws)
        log_weight = log_weights(posterior, self.simulator, candidates, flux)
        return Answer(chosen_by_weight(candidates, log_weight, terms.draws, terms.seed, spectra.keys))


def chosen_by_weight(draws: Tensor, log_weight: Tensor, number: int, seed: int, keys: list[bytes]) -> np.ndarray:
    """Return so many of the draws of each galaxy, (N, number, 5), chosen by their weights.

    Args:
        draws: candidates, (N, any number, 5), and log_weight, (N, any number).
        keys: of the galaxies' random numbers.
    """
    chosen = [
        theta[resample_systematically(weight, number, stream(seed, "chosen by weight", key))]
        for theta, weight, key in zip(draws.numpy(), log_weight.numpy(), keys, strict=True)
    ]
    return np.stack(chosen)


@dataclass(frozen=True, kw_only=True)
class Judged(OfNetwork):
    """digs.infer, with its verdicts; it gives no draws of galaxies outside the model, where the network's stand in."""

    def answer(self, spectra: ObservedSpectra) -> Answer:
        """Return draws, nan outside the model, and which galaxies are."""
        found = infer(spectra.tensor, self.terms.draws, self.terms.seed)
        return Answer(found.draws, verdicts=found.verdict == OUTSIDE)

    def completed(self, spectra: ObservedSpectra, answer: Answer) -> Answer:
        """Return the answer with draws of the network outside the model."""
        draws, outside = answer.draws.copy(), np.flatnonzero(answer.verdicts)
        if len(outside):
            draws[outside] = self.of_network.sample(spectra.tensor[outside], self.terms.draws, self.terms.seed)
        return replace(answer, draws=draws)
