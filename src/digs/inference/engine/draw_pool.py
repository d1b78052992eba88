"""Draws of several proposals together, each weighted by the mean of all (Owen & Zhou 2000)."""

from dataclasses import dataclass, field

import numpy as np
from scipy.special import logsumexp

from digs.exact.normal.normal_equations import MassTerms
from digs.inference.engine.draw_weights import effective_number
from digs.inference.engine.first_guess import DrawProposal
from digs.inference.engine.galaxy_problem import GalaxyProblem


@dataclass(frozen=True)
class NetworkPool:
    """Draws of a network with the density of the posterior.

    problem: of the galaxy.
    z: shape (N, d), infinite where a column is beyond the problem's prior; such draws have no weight.
    log_q: ln of the density that they come with, shape (N,).
    log_target: ln of the posterior's, shape (N,).
    masses: given each draw, arrays.
    """

    problem: GalaxyProblem
    z: np.ndarray
    log_q: np.ndarray
    log_target: np.ndarray
    masses: MassTerms

    @classmethod
    def of(cls, problem: GalaxyProblem, z: np.ndarray, log_q: np.ndarray) -> "NetworkPool":
        """Return the pool of draws as of coordinates_of."""
        log_target, terms = problem.evaluate(z)
        return cls(problem, z, log_q, log_target, MassTerms(terms.mean.numpy(), terms.std.numpy(), terms.peak.numpy()))

    @property
    def log_weight(self) -> np.ndarray:
        """Return ln of density over density, shape (N,)."""
        return self.log_target - self.log_q

    def __len__(self) -> int:
        return len(self.z)


def coordinates_of(problem: GalaxyProblem, theta: np.ndarray, log_q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return z of draws, (N, d), infinite in a column that is beyond the prior, and ln of their density there, (N,).

    Args:
        problem: whose coordinates they are.
        theta: draws without their mass, shape (N, d).
        log_q: ln of the density of theta, shape (N,).
    """
    coordinates = problem.coordinates
    beyond = (theta < coordinates.low) | (theta > coordinates.high)
    z = coordinates.z(np.column_stack([np.zeros(len(theta)), theta]))
    outside = beyond.any(1)
    return np.where(beyond, np.inf, z), np.where(outside, 0.0, log_q + coordinates.log_jacobian(z))


@dataclass
class DrawPool:
    """Draws of z with the density of the posterior.

    problem: of the galaxy.
    """

    problem: GalaxyProblem
    z: np.ndarray = field(init=False)
    log_target: np.ndarray = field(init=False)
    mean: np.ndarray = field(init=False)
    std: np.ndarray = field(init=False)
    peak: np.ndarray = field(init=False)
    _proposals: list[DrawProposal] = field(init=False, default_factory=list)
    _counts: list[int] = field(init=False, default_factory=list)

    def __post_init__(self):
        self.z = np.empty((0, len(self.problem.coordinates.low)))
        self.log_target, self.mean, self.std, self.peak = (np.empty(0) for _ in range(4))

    def add(self, proposal: DrawProposal, number: int, random: np.random.Generator) -> float:
        """Make so many draws of a proposal and return which share of these is effective."""
        z = proposal.sample(number, random)
        log_target, terms = self.problem.evaluate(z)
        self.z, self.log_target = np.concatenate([self.z, z]), np.concatenate([self.log_target, log_target])
        for name in ("mean", "std", "peak"):
            setattr(self, name, np.concatenate([getattr(self, name), getattr(terms, name).numpy()]))
        self._proposals.append(proposal)
        self._counts.append(number)
        return effective_number(log_target - proposal.log_prob(z)) / number

    def __len__(self) -> int:
        return len(self.z)

    @property
    def log_weight(self) -> np.ndarray:
        """Return ln of density over the mean of the proposals, shape (N,)."""
        share = np.array(self._counts)[:, None] / len(self)
        return self.log_target - logsumexp([each.log_prob(self.z) for each in self._proposals], axis=0, b=share)

    @property
    def masses(self) -> MassTerms:
        """Return the mass given each draw, as arrays."""
        return MassTerms(self.mean, self.std, self.peak)
