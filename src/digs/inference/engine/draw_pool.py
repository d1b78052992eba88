"""Draws of several proposals together, each weighted by the mean of all (Owen & Zhou 2000)."""

from dataclasses import dataclass, field

import numpy as np
from scipy.special import logsumexp

from digs.exact.normal.normal_equations import MassTerms
from digs.inference.engine.draw_weights import effective_number
from digs.inference.engine.first_guess import DrawProposal
from digs.inference.engine.galaxy_problem import GalaxyProblem


@dataclass
class DrawPool:
    """Draws of z with the density of the posterior.

    problem: of the galaxy.
    log_weight: ln of density over the mean of the proposals, shape (N,).
    """

    problem: GalaxyProblem
    z: np.ndarray = field(init=False)
    theta: np.ndarray = field(init=False)
    log_target: np.ndarray = field(init=False)
    log_weight: np.ndarray = field(init=False)
    mean: np.ndarray = field(init=False)
    std: np.ndarray = field(init=False)
    peak: np.ndarray = field(init=False)
    _proposals: list[DrawProposal] = field(init=False, default_factory=list)
    _counts: list[int] = field(init=False, default_factory=list)

    def __post_init__(self):
        self.z = np.empty((0, self.problem.coordinates.dimensions))
        self.theta = np.empty((0, len(self.problem.names)))
        self.log_target, self.log_weight, self.mean, self.std, self.peak = (np.empty(0) for _ in range(5))

    def add(self, proposal: DrawProposal, number: int, random: np.random.Generator) -> float:
        """Make so many draws of a proposal and return which share of these is effective."""
        z = proposal.sample(number, random)
        return self.take(proposal, z, *self.problem.coordinates.at(z))

    def take(self, proposal: DrawProposal, z: np.ndarray, theta: np.ndarray, log_jacobian: np.ndarray) -> float:
        """Take up all draws of a proposal, and return which share of these is effective.

        Args:
            proposal: that they come from.
            z: shape (N, d).
            theta, log_jacobian: as the problem's coordinates give them.
        """
        log_target, terms = self.problem.evaluate(theta, log_jacobian)
        self.z, self.log_target = np.concatenate([self.z, z]), np.concatenate([self.log_target, log_target])
        self.theta = np.concatenate([self.theta, theta])
        for name in ("mean", "std", "peak"):
            setattr(self, name, np.concatenate([getattr(self, name), getattr(terms, name).numpy()]))
        self._proposals.append(proposal)
        self._counts.append(len(z))
        share = np.array(self._counts)[:, None] / len(self)
        log_mean = logsumexp([each.log_prob(self.z) for each in self._proposals], axis=0, b=share)
        self.log_weight = self.log_target - log_mean
        return effective_number(log_target - proposal.log_prob(z)) / len(z)

    def __len__(self) -> int:
        return len(self.z)

    @property
    def effective(self) -> float:
        """Return how many of the draws are effective."""
        return effective_number(self.log_weight)

    @property
    def masses(self) -> MassTerms:
        """Return the mass given each draw, as arrays."""
        return MassTerms(self.mean, self.std, self.peak)
