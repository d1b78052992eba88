"""Brute force as a method of the league: its proposal alone, and weighted."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from digs.base.random_streams import stream
from digs.exact.brute_force.grid import Grid
from digs.exact.brute_force.proposals import propose
from digs.inference.league.method import Answer, Method, ObservedSpectra
from digs.inference.league.network_methods import chosen_by_weight
from digs.physics.simulator import Simulator


@dataclass(frozen=True, kw_only=True)
class OfGrid(Method):
    """A method that rests on a grid of templates.

    given: whether sigmas come with the spectra.
    """

    given: bool = False

    @cached_property
    def grid(self) -> Grid:
        """Return the grid, which takes seconds."""
        return self.new_grid()

    def new_grid(self) -> Grid:
        """Return the grid, made anew."""
        return Grid(Simulator(), self.terms.prior, self.terms.fraction, "given" if self.given else "model")


@dataclass(frozen=True, kw_only=True)
class GridAlone(OfGrid):
    """Draws that the grid proposes, without their weights, and so without their spectra."""

    def answer(self, spectra: ObservedSpectra) -> Answer:
        """Return draws and their density; where the grid has fewer draws, it has some twice."""
        streams = [stream(self.terms.seed, "grid alone", key) for key in spectra.keys]
        flux, none = spectra.flux.astype(float), np.empty((len(spectra), 0))
        found = propose(self.grid.nodes, flux, none, np.ones(len(spectra)), streams, self.terms.draws)
        for theta, log_density, random in zip(found.theta, found.log_density, streams, strict=True):
            there = np.flatnonzero(np.isfinite(log_density))
            missing = np.flatnonzero(np.isinf(log_density))
            instead = random.choice(there, len(missing))
            theta[missing], log_density[missing] = theta[instead], log_density[instead]
        return Answer(found.theta, found.log_density)


@dataclass(frozen=True, kw_only=True)
class GridWeighted(OfGrid):
    """Draws chosen from more of the grid's by their weights.

    effective: for each draw, that are to be effective; galaxies that have fewer are simulated more often, as by
    digs.infer. None if it is not looked at.
    """

    effective: float | None = None

    def answer(self, spectra: ObservedSpectra) -> Answer:
        """Return draws."""
        terms = self.terms
        wanted = None if self.effective is None else self.effective * terms.draws
        candidates = terms.candidates * terms.draws
        found = self.grid.posterior(spectra.flux, candidates, terms.seed, spectra.sigma, effective=wanted)
        return Answer(chosen_by_weight(found.draws, found.log_weight, terms.draws, terms.seed, spectra.keys))
