"""Draws of several proposals together, each weighted by the mean of all (Owen & Zhou 2000), and how to keep a few."""

from dataclasses import dataclass, field

import numpy as np
from scipy.special import logsumexp

from digs.exact.normal.normal_equations import MassTerms
from digs.inference.engine.first_guess import DrawProposal
from digs.inference.engine.galaxy_problem import GalaxyProblem


@dataclass
class NetworkPool:
    """Draws of a network with the density of the posterior; those beyond the problem's dispersions have no weight.

    problem: of the galaxy.
    z: draws, infinite in a column that is beyond; shape (N, d).
    log_weight: shape (N,).
    masses: given each draw, arrays.
    """

    problem: GalaxyProblem
    z: np.ndarray
    log_weight: np.ndarray
    masses: MassTerms

    @classmethod
    def of(cls, problem: GalaxyProblem, theta: np.ndarray, log_q: np.ndarray) -> "NetworkPool":
        """Return the pool.

        Args:
            problem: of the galaxy.
            theta: draws without their mass, shape (N, d).
            log_q: ln of the density that they come with, shape (N,).
        """
        coordinates = problem.coordinates
        beyond = (theta < coordinates.low) | (theta > coordinates.high)
        z = coordinates.z(np.column_stack([np.zeros(len(theta)), theta]))
        z = np.where(beyond, np.inf, z)
        log_target, terms = problem.evaluate(z)
        inside = ~beyond.any(1)
        log_weight = np.full(len(z), -np.inf)
        log_weight[inside] = log_target[inside] - log_q[inside] - coordinates.log_jacobian(z[inside])
        return cls(problem, z, log_weight, MassTerms(*(each.numpy() for each in (terms.mean, terms.std, terms.peak))))

    def __len__(self) -> int:
        return len(self.z)

    def joined(self, other: "NetworkPool") -> "NetworkPool":
        """Return the draws of both, which are of one problem and proposal."""
        both = lambda mine, more: np.concatenate([mine, more])
        masses = (both(getattr(self.masses, name), getattr(other.masses, name)) for name in ("mean", "std", "peak"))
        parts = both(self.z, other.z), both(self.log_weight, other.log_weight)
        return NetworkPool(self.problem, *parts, MassTerms(*masses))


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


def effective_number(log_weight: np.ndarray) -> float:
    """Return how many of the draws are effective (Kish 1965), 0 where none has any weight.

    Example:
        >>> import numpy as np
        >>> from digs.inference.engine.draw_pool import effective_number
        >>> round(effective_number(np.log([1.0, 1.0, 1e-9])), 3)
        2.0
    """
    if not len(log_weight) or not log_weight.max() > -np.inf:
        return 0.0
    weight = np.exp(log_weight - log_weight.max())
    return float(weight.sum() ** 2 / np.square(weight).sum())


def thinned(log_weight: np.ndarray, number: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of so many draws, each once, and their ln weights, which are as even as can be.

    A draw of weight w is kept with probability min(1, c w), c such that so many are kept, at equal steps along the sum
    of these, and then has the weight w / min(1, c w): sums over the draws keep their expectation, and no other choice
    changes the weights by less (Fearnhead & Clifford 2003, J. R. Stat. Soc. B 65, 887).

    Args:
        log_weight: of all draws, shape (N,), of which `number` or more have a weight.
        number: of draws that are kept.
        random: source of random numbers.

    Example:
        >>> import numpy as np
        >>> from digs.inference.engine.draw_pool import thinned
        >>> rows, log_weight = thinned(np.log([4.0, 1.0, 1.0, 1.0, 1.0]), 3, np.random.default_rng(1))
        >>> rows[0], np.exp(log_weight).round(2).tolist()
        (0, [4.0, 2.0, 2.0])
    """
    weight = np.exp(log_weight - log_weight.max())
    order = np.argsort(-weight, kind="stable")
    descending = weight[order]
    rest = descending[::-1].cumsum()[::-1]  # of each draw and those below it
    whole = 0  # draws that are kept for certain
    while whole < number and descending[whole] * (number - whole) >= rest[whole]:
        whole += 1
    chosen = order[:whole]
    if whole < number:
        others = random.permutation(order[whole:])
        steps = (random.random() + np.arange(number - whole)) / (number - whole)
        total = weight[others].cumsum()
        rows = others[np.searchsorted(total, steps * total[-1], side="right").clip(max=len(others) - 1)]
        chosen = np.concatenate([chosen, rows])
        even = np.full(number - whole, np.log(total[-1] / (number - whole)))
    else:
        even = np.empty(0)
    return chosen, np.concatenate([np.log(descending[:whole]), even]) + log_weight.max()
