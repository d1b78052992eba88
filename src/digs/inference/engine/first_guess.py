"""The first proposal: a mixture that learns what the posterior of the cheap likelihood is like."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.special import logsumexp

from digs.base.errors import DigsError
from digs.exact.student_mixture import StudentMixture, moments
from digs.inference.engine.draw_weights import effective_number, tempered, thinned
from digs.inference.engine.fixed_covariance import FixedCovariance
from digs.inference.engine.galaxy_problem import GalaxyProblem
from digs.inference.engine.likeliest import Peaks
from digs.inference.engine.model_prior import log_standard_normal
from digs.inference.engine.quick_mixture import QuickMixture

_WIDER = 1.5  # times the covariance of a peak, in the proposal that looks around it
_DEGREES = 6.0  # of freedom
_DRAWS = 1000  # of the cheap likelihood in a round
_POINTS = 1000  # draws that a mixture is fitted to, at most
_STEPS = 8  # of that fit
_FEW = 8  # effective draws for each dimension that a component is to have
_EVEN = 40  # for each dimension, that are effective of the draws that a mixture is fitted to,
_SHARE = 1 / 3  # or such a share of them all, where that is less
_LARGER = 1.3  # times the covariances that are fitted
_DEFENCE, _WIDE = 0.1, 2.0  # share of a component that is so many times as wide as all draws
ENOUGH = 0.55  # of the draws effective: nothing better is looked for
ROUNDS = 8  # in which a mixture learns from its own draws, at most


@dataclass(frozen=True, eq=False)
class DrawProposal:
    """What draws of z come from."""

    mixture: StudentMixture

    def sample(self, number: int, random: np.random.Generator) -> np.ndarray:
        """Return so many draws of z, shape (number, d)."""
        return self.mixture.sample(number, random)

    def log_prob(self, z: np.ndarray) -> np.ndarray:
        """Return ln of the density of z, shape (N,)."""
        return self.mixture.log_prob(z)


@dataclass(frozen=True, eq=False)
class StandardNormal:
    """A network's own draws in its coordinates; as DrawProposal.

    dimensions: of the coordinates.
    """

    dimensions: int

    def sample(self, number: int, random: np.random.Generator) -> np.ndarray:
        """Return so many draws, shape (number, d)."""
        return random.standard_normal((number, self.dimensions))

    def log_prob(self, z: np.ndarray) -> np.ndarray:
        """Return ln of the density of z, shape (N,)."""
        return log_standard_normal(z)


Proposal = DrawProposal | StandardNormal


@dataclass(frozen=True, eq=False)
class ProposedDraws:
    """Draws of one proposal, with the cheap likelihood times the prior.

    z: shape (N, d).
    log_target: ln of it, shape (N,).
    """

    proposal: Proposal | StudentMixture
    z: np.ndarray
    log_target: np.ndarray


def around_peaks(peaks: Peaks) -> StudentMixture:
    """Return a mixture with a component at each peak, of the share that it has if it is as sharp as it looks."""
    covariance = np.linalg.inv(peaks.precision)
    factor = np.linalg.cholesky(covariance)
    log_share = peaks.value + np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(1)
    share = np.exp(log_share - logsumexp(log_share))
    share = 0.9 * share + 0.1 / len(share)
    return QuickMixture(share, peaks.z, np.sqrt(_WIDER) * factor, _DEGREES)


def first_guess(
    problem: GalaxyProblem,
    forms: FixedCovariance,
    mixture: StudentMixture,
    random: np.random.Generator,
    rounds: int = ROUNDS,
    before: ProposedDraws | None = None,
) -> DrawProposal:
    """Return a proposal that is like the posterior of the cheap likelihood.

    Args:
        problem: of the galaxy.
        forms: its cheap likelihood.
        mixture: that looks where the posterior is.
        random: source of random numbers.
        rounds: in which the mixture learns from its own draws, at most.
        before: draws that it learns from beside its own, so that what these hardly reach is not forgotten.
    """
    seen = [] if before is None else [before]
    for _ in range(rounds):
        own = mixture.sample(_DRAWS, random)
        of_own = cheap_target(problem, forms, *problem.coordinates.at(own))
        seen.append(ProposedDraws(mixture, own, of_own))
        z, log_target = (np.concatenate([getattr(each, name) for each in seen]) for name in ("z", "log_target"))
        share_of_each = np.array([len(each.z) for each in seen])[:, None] / len(z)
        log_proposal = logsumexp([each.proposal.log_prob(z) for each in seen], axis=0, b=share_of_each)
        share = effective_number(of_own - mixture.log_prob(own)) / _DRAWS
        mixture = learned_mixture(z, log_target - log_proposal, random, problem.coordinates.components)
        if share > ENOUGH:
            break
    return DrawProposal(mixture)


def cheap_target(
    problem: GalaxyProblem, forms: FixedCovariance, theta: np.ndarray, log_jacobian: np.ndarray
) -> np.ndarray:
    """Return ln of the cheap likelihood times the prior in z, but for a constant, shape (N,).

    Args:
        problem: of the galaxy.
        forms: its cheap likelihood.
        theta, log_jacobian: as the problem's coordinates give them.
    """
    theta = torch.as_tensor(theta)
    log_prior = problem.prior.log_prob(theta).numpy() + log_jacobian
    columns, dispersion = problem.split(theta)
    y = problem.coefficients(columns) @ forms.combine.T
    return forms.log_likelihood(y, dispersion).numpy() + log_prior


def learned_mixture(
    z: np.ndarray, log_weight: np.ndarray, random: np.random.Generator, components: int
) -> StudentMixture:
    """Return a mixture that is like weighted draws but wider, so that it misses no tail that they do not show.

    Where few draws are effective, their weights are raised to a power below 1: tails that a few heavy draws do not show
    are then learned from the many light ones.

    Args:
        z: draws, shape (N, d).
        log_weight: of these, shape (N,).
        random: source of random numbers.
        components: of the mixture beside the wide one, at most.
    Raises:
        DigsError: none of the draws has a weight.
    """
    if not np.isfinite(log_weight).any():
        raise DigsError("No draw of a proposal has a likelihood; look at the spectrum's flux and sigma.")
    dimensions = z.shape[1]
    log_weight = tempered(log_weight, min(_EVEN * dimensions, _SHARE * len(z)))
    points = z
    if np.isfinite(log_weight).sum() > _POINTS:
        rows, log_weight = thinned(log_weight, _POINTS, random)
        points = z[rows]
    weight = np.exp(log_weight - logsumexp(log_weight))
    used = weight > 0
    points, weight = points[used], weight[used]
    components = int(np.clip(1 / np.square(weight).sum() // (_FEW * dimensions), 1, components))
    fitted = QuickMixture.fitted(points, weight, components, _DEGREES, random, steps=_STEPS)
    mean, covariance = moments(points, weight)
    wide = QuickMixture(np.ones(1), mean[None], _WIDE * np.linalg.cholesky(covariance)[None], _DEGREES)
    return replace(fitted, factor=np.sqrt(_LARGER) * fitted.factor).beside(wide, _DEFENCE)
