"""Draws of several proposals together, each weighted by the mean of all (Owen & Zhou 2000)."""

from dataclasses import dataclass, field

import numpy as np
from scipy.special import logsumexp

from digs.exact.normal.normal_equations import MassTerms
from digs.inference.engine.draw_weights import effective_number
from digs.inference.engine.first_guess import Proposal
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
    _counts: dict[Proposal, int] = field(init=False, default_factory=dict)
    _efficiencies: dict[Proposal, float] = field(init=False, default_factory=dict)
    _log_densities: dict[Proposal, np.ndarray] = field(init=False, default_factory=dict)

    def __post_init__(self):
        self.z = np.empty((0, self.problem.coordinates.dimensions))
        self.theta = np.empty((0, len(self.problem.names)))
        self.log_target, self.log_weight, self.mean, self.std, self.peak = (np.empty(0) for _ in range(5))

    def add(self, proposal: Proposal, number: int, random: np.random.Generator) -> float:
        """Make so many draws of a proposal and return which share of these is effective."""
        z = proposal.sample(number, random)
        return self.take(proposal, z, *self.problem.coordinates.at(z))

    def take(self, proposal: Proposal, z: np.ndarray, theta: np.ndarray, log_jacobian: np.ndarray) -> float:
        """Take up all draws of a proposal, and return which share of these is effective.

        Args:
            proposal: that they come from.
            z: shape (N, d).
            theta, log_jacobian: as the problem's coordinates give them.
        """
        log_target, terms = self.problem.evaluate(theta, log_jacobian)
        self._log_densities = {
            each: np.concatenate([older, each.log_prob(z)]) for each, older in self._log_densities.items()
        }
        self.z, self.log_target = np.concatenate([self.z, z]), np.concatenate([self.log_target, log_target])
        self.theta = np.concatenate([self.theta, theta])
        for name in ("mean", "std", "peak"):
            setattr(self, name, np.concatenate([getattr(self, name), getattr(terms, name).numpy()]))
        if proposal not in self._counts:
            self._log_densities[proposal] = proposal.log_prob(self.z)
        self._counts[proposal] = self._counts.get(proposal, 0) + len(z)
        share = np.array(list(self._counts.values()))[:, None] / len(self)
        self.log_weight = self.log_target - logsumexp(list(self._log_densities.values()), axis=0, b=share)
        efficiency = effective_number(log_target - self._log_densities[proposal][-len(z) :]) / len(z)
        self._efficiencies[proposal] = min(efficiency, self._efficiencies.get(proposal, 1.0))
        return efficiency

    @property
    def best(self) -> tuple[Proposal, float]:
        """Return the proposal of whose draws the largest share is effective, and that share in its worst round."""
        return max(self._efficiencies.items(), key=lambda each: each[1])

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
