"""Any noise and gaps for a network that was trained for one noise, by nearest neighbours, as a method of the league."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from digs.base.random_streams import generator, stream
from digs.inference.league.imputation import TrainingSpectra
from digs.inference.league.method import Answer, ObservedSpectra
from digs.inference.league.network_methods import OfNetwork
from digs.physics.noise import add_noise
from digs.physics.simulator import Simulator


@dataclass(frozen=True, kw_only=True)
class Neighbours(OfNetwork):
    """The network's posteriors of many stand-ins together (digs.inference.league.imputation).

    pairs: training spectra, among which neighbours are looked for. stand_ins: of each galaxy, each of which has an
    equal number of the draws.
    """

    pairs: int
    stand_ins: int

    @cached_property
    def training_spectra(self) -> TrainingSpectra:
        """Return spectra as the network was trained with."""
        random = generator(self.terms.seed, "training spectra of neighbours")
        spectra = Simulator()(self.terms.prior.sample(self.pairs, random))
        return TrainingSpectra(add_noise(spectra, random, self.terms.fraction).float().numpy(), self.terms.fraction)

    def answer(self, spectra: ObservedSpectra) -> Answer:
        """Return draws."""
        keys, terms = spectra.keys, self.terms
        each = zip(spectra.flux, spectra.sigma, keys, strict=True)
        flux = np.concatenate(
            [
                self.training_spectra.stand_ins(*one, self.stand_ins, stream(terms.seed, "stand-ins", key))
                for *one, key in each
            ]
        )
        ids = [f"{key.hex()} {number}" for key in keys for number in range(self.stand_ins)]
        draws = self.of_network.sample(torch.from_numpy(flux).float(), terms.draws // self.stand_ins, terms.seed, ids)
        return Answer(draws.reshape(len(spectra), terms.draws, -1))
