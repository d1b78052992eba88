r"""Importance sampling from a mixture that learns from its own draws: population Monte Carlo (Cappe et al. 2008).

It works where a first approximation is poor, and in any number of dimensions. The coordinates are unbounded: z, the
probits of the unit cube that the prior's box is mapped to, in which the box is a standard normal distribution,

    \int_box f(theta) d theta = \int f(theta(z)) V \prod_i phi(z_i) dz,            V the volume of the box.

1. Weighted draws tell where a mixture of Student-t distributions should be (digs.exact.student_mixture); where few of
   them are effective, their weights are raised to a power below 1, so that more are.
2. One component more, `wide` times as wide as all draws together, keeps the weights bounded (Owen & Zhou 2000).
3. Draws of this mixture are weighted. In a round that learns, all draws of all rounds count, each weighted by the mean
   of the mixtures that draws came from (the deterministic mixture of Owen & Zhou 2000; Cornuet et al. 2012).
4. When enough of a round's own draws are effective, or after the last round, the draws that are returned are made, all
   from the mixture as it is then, so that the mean of their weights has the evidence as its expectation. If fewer of
   them are effective than is wanted, as where they find what no draw has found before, they are learned from like the
   others.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import logsumexp, ndtr, ndtri

from digs.base.statistics import efficiency, resample_systematically
from digs.exact.student_mixture import StudentMixture, moments

Density = Callable[[np.ndarray], np.ndarray]  # ln of a density, (n, d) to (n,); -inf where it is 0

_EDGE = 1e-12  # of the unit cube's sides, that a point on its surface is taken to lie inside
_FEW = 10  # effective draws for each dimension that a component is to have, or more
_EVEN = 8  # times as many are to be effective of all draws that a mixture is fitted to
_POWERS = 40  # bisections for the power
_FIRST = 5  # times as many draws of the box as of a round, to begin with
_POINTS = 4000  # that a mixture is fitted to; of more draws as many are chosen by their weights
_MARGIN = 1.2  # times the draws that the last round says are enough


@dataclass(frozen=True)
class Rounds:
    """How many rounds there are, and of what.

    draws: of each round that learns.
    rounds: at most.
    components: of a mixture, at most.
    share: of a round's draws that is effective when it is the last.
    most: draws that are returned, at most.
    degrees: of freedom of the components.
    wide, defence: how much wider the wide component is than all draws, and its share.
    """

    draws: int = 4000
    rounds: int = 12
    components: int = 16
    share: float = 0.4
    most: int = 200_000
    degrees: float = 8.0
    wide: float = 3.0
    defence: float = 0.1


@dataclass(frozen=True)
class WeightedDraws:
    """Draws of one posterior with weights, whose mean is the evidence.

    draws: theta, (n, d), and log_weight, (n,), ln of density over proposal.
    rounds: after which they were made.
    """

    draws: np.ndarray
    log_weight: np.ndarray
    rounds: int = 0

    @property
    def effective(self) -> float:
        """Return the effective number of draws (Kish 1965); 0 where none has any weight."""
        return _effective(self.log_weight)

    @property
    def log_evidence(self) -> float:
        """Return ln of the integral of the density."""
        return float(logsumexp(self.log_weight) - math.log(len(self.log_weight)))

    @property
    def log_evidence_error(self) -> float:
        """Return its standard error."""
        return math.sqrt(max(0.0, 1 / max(self.effective, 1.0) - 1 / len(self.log_weight)))


def mixture_rounds(
    log_density: Density,
    low: np.ndarray,
    high: np.ndarray,
    effective: float,
    random: np.random.Generator,
    start: tuple[np.ndarray, np.ndarray] | None = None,
    rounds: Rounds = Rounds(),
) -> WeightedDraws:
    """Return weighted draws of a posterior of which so many are effective, if that takes no more than `rounds` allows.

    Args:
        log_density: ln of likelihood times prior, in theta.
        low, high: ends of the prior's box, (d,) each, outside which the density is 0.
        effective: how many of the draws are to be effective.
        random: of all random numbers.
        start: draws, (n, d), and their ln weights, (n,): of another method, or of walkers, all with the same weight. By
            default draws of the box.
        rounds: how many, and of what.

    Example:
        >>> import numpy as np
        >>> from digs.exact.mixture_rounds import mixture_rounds
        >>> normal = lambda theta: -0.5 * np.square((theta - 0.3) / 0.01).sum(1)
        >>> found = mixture_rounds(normal, np.zeros(3), np.ones(3), 1000, np.random.default_rng(1))
        >>> expected = 3 * np.log(0.01 * np.sqrt(2 * np.pi))
        >>> found.effective > 1000, bool(abs(found.log_evidence - expected) < 0.1)
        (True, True)
    """
    box = _Box(log_density, np.asarray(low, float), np.asarray(high, float))
    if start is None:
        z = random.standard_normal((_FIRST * rounds.draws, len(box.low)))
        log_weight = box.log_target(z) - _log_normal(z)
    else:
        z, log_weight = box.to_unbounded(start[0]), np.asarray(start[1], float)
    learned = _Learned(z, log_weight)
    for number in range(1, rounds.rounds + 1):
        mixture = learned.mixture(rounds, random)
        z = mixture.sample(rounds.draws, random)
        log_target = box.log_target(z)
        share = _effective(log_target - mixture.log_prob(z)) / len(z)
        learned.add(mixture, z, log_target)
        if share < rounds.share and number < rounds.rounds:
            continue
        wanted = _MARGIN * effective / max(share, 1 / len(z))
        z = mixture.sample(int(np.clip(wanted, rounds.draws, rounds.most)), random)
        log_target = box.log_target(z)
        found = WeightedDraws(box.theta(z), log_target - mixture.log_prob(z), number)
        if found.effective >= effective:
            break
        learned.add(mixture, z, log_target)
    return found


@dataclass(frozen=True)
class _Box:
    """A density in the prior's box, and in z."""

    log_density: Density
    low: np.ndarray
    high: np.ndarray

    def theta(self, z: np.ndarray) -> np.ndarray:
        return np.clip(self.low + (self.high - self.low) * ndtr(z), self.low, self.high)

    def to_unbounded(self, theta: np.ndarray) -> np.ndarray:
        return ndtri(np.clip((theta - self.low) / (self.high - self.low), _EDGE, 1 - _EDGE))

    def log_target(self, z: np.ndarray) -> np.ndarray:
        volume = np.log(self.high - self.low).sum()
        return np.nan_to_num(self.log_density(self.theta(z)), nan=-np.inf) + _log_normal(z) + volume


def _log_normal(z: np.ndarray) -> np.ndarray:
    return -(np.square(z) + math.log(2 * math.pi)).sum(1) / 2


def _effective(log_weight: np.ndarray) -> float:
    share = efficiency(torch.as_tensor(log_weight)[None])
    return len(log_weight) * float(share.nan_to_num(nan=0.0))


class _Learned:
    """What is known of a posterior: weighted draws to begin with, then those of all mixtures.

    Args:
        z: the first draws, (n, d), and log_weight, (n,), their ln weights.
    """

    def __init__(self, z: np.ndarray, log_weight: np.ndarray):
        self._z, self._log_weight = z, log_weight
        self._mixtures: list[StudentMixture] = []
        self._counts: list[int] = []

    def add(self, mixture: StudentMixture, z: np.ndarray, log_target: np.ndarray) -> None:
        """Add draws of a mixture; the first ones are forgotten."""
        if not self._mixtures:
            self._z, self._log_target, self._log_proposals = z[:0], log_target[:0], np.empty((0, 0))
        older = np.array([one.log_prob(z) for one in self._mixtures]).reshape(-1, len(z))
        self._log_proposals = np.block([[self._log_proposals, older], [mixture.log_prob(self._z), mixture.log_prob(z)]])
        self._mixtures.append(mixture)
        self._counts.append(len(z))
        self._z, self._log_target = np.concatenate([self._z, z]), np.concatenate([self._log_target, log_target])
        share = np.array(self._counts)[:, None] / len(self._z)
        self._log_weight = self._log_target - logsumexp(self._log_proposals, axis=0, b=share)

    def mixture(self, rounds: Rounds, random: np.random.Generator) -> StudentMixture:
        """Return the mixture that is like all draws, and a wide component."""
        log_weight = _evened(self._log_weight, _EVEN * _FEW * self._z.shape[1])
        weight = np.exp(log_weight - logsumexp(log_weight))
        components = int(np.clip(1 / np.square(weight).sum() // (_FEW * self._z.shape[1]), 1, rounds.components))
        if len(weight) > _POINTS:
            z, weight = self._z[resample_systematically(log_weight, _POINTS, random)], np.full(_POINTS, 1 / _POINTS)
        else:
            z = self._z
        mean, covariance = moments(z, weight)
        wide = np.ones(1), mean[None], rounds.wide * np.linalg.cholesky(covariance)[None]
        fitted = StudentMixture.fitted(z, weight, components, rounds.degrees, random)
        return fitted.beside(StudentMixture(*wide, rounds.degrees), rounds.defence)


def _evened(log_weight: np.ndarray, least: float) -> np.ndarray:
    """Ln weights, raised to a power of which so many draws are effective, 1 if as many are."""
    log_weight = np.where(np.isnan(log_weight), -np.inf, log_weight)
    if not np.isfinite(log_weight.max()):
        return np.zeros_like(log_weight)
    log_weight = log_weight - log_weight.max()
    some = np.isfinite(log_weight)
    if _effective(log_weight) >= least:
        return log_weight
    if some.sum() <= least:
        return np.where(some, 0.0, -np.inf)
    low, high = 0.0, 1.0
    for _ in range(_POWERS):
        power = (low + high) / 2
        low, high = (power, high) if _effective(power * log_weight[some]) >= least else (low, power)
    return np.where(some, low * np.where(some, log_weight, 0.0), -np.inf)
