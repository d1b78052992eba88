"""Draws in a network's coordinates, as the cheap likelihood of a galaxy sees them."""

from dataclasses import dataclass, replace

import numpy as np

from digs.inference.engine.first_guess import (
    ROUNDS,
    DrawProposal,
    Proposal,
    ProposedDraws,
    cheap_target,
    first_guess,
    learned_mixture,
)
from digs.inference.engine.fixed_covariance import FixedCovariance
from digs.inference.engine.galaxy_problem import GalaxyProblem
from digs.inference.engine.network_guess import FlowCoordinates, NetworkGuess

_INSIDE = 10  # draws inside the prior for each dimension, below which nothing is learned from them


@dataclass(frozen=True)
class GuessedDraws:
    """Draws and what the network makes of them, whatever the problem.

    proposal: that they come from.
    z: shape (N, d); theta and log_q: as NetworkGuess.theta returns them.
    """

    proposal: Proposal
    z: np.ndarray
    theta: np.ndarray
    log_q: np.ndarray

    @classmethod
    def of(cls, guess: NetworkGuess, proposal: Proposal, z: np.ndarray) -> "GuessedDraws":
        """Return draws of a proposal, z of shape (N, d)."""
        return cls(proposal, z, *guess.theta(z))

    def at(self, problem: GalaxyProblem) -> tuple[np.ndarray, np.ndarray]:
        """Return theta and log_jacobian, as the problem's coordinates give them."""
        return problem.coordinates.inside(self.z, self.theta, self.log_q)

    def log_target(self, problem: GalaxyProblem, forms: FixedCovariance) -> np.ndarray:
        """Return ln of the cheap likelihood times the prior in z, shape (N,)."""
        return cheap_target(problem, forms, *self.at(problem))

    def log_weight(self, problem: GalaxyProblem, forms: FixedCovariance) -> np.ndarray:
        """Return the same over the proposal's density, shape (N,)."""
        return self.log_target(problem, forms) - self.proposal.log_prob(self.z)

    def better(
        self,
        problem: GalaxyProblem,
        forms: FixedCovariance,
        log_weight: np.ndarray,
        random: np.random.Generator,
        rounds: int = ROUNDS,
    ) -> DrawProposal:
        """Return what is learned from these draws with their ln weights, shape (N,), and then as of first_guess."""
        mixture = learned_mixture(self.z, log_weight, random, FlowCoordinates.components)
        seen = ProposedDraws(self.proposal, self.z, log_weight + self.proposal.log_prob(self.z))
        return first_guess(problem, forms, mixture, random, rounds, seen)


def in_its_coordinates(guess: NetworkGuess, box: GalaxyProblem) -> tuple[GalaxyProblem, FixedCovariance]:
    """Return a problem in the coordinates of a network, and its cheap likelihood."""
    problem = replace(box, coordinates=FlowCoordinates(guess, box.coordinates))
    return problem, FixedCovariance.of_equations(problem)


def few_inside(log_weight: np.ndarray) -> bool:
    """Return whether too few draws are inside the prior for a mixture to learn where the posterior is."""
    return bool(np.isfinite(log_weight).sum() < _INSIDE * FlowCoordinates.dimensions)
