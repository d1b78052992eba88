"""The first proposal without a network: peaks of the posterior that templates lead to, and what lies around them."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import logsumexp

from digs.base.statistics import efficiency, resample_systematically
from digs.exact.student_mixture import StudentMixture, moments
from digs.inference.engine.fixed_covariance import FixedCovariance
from digs.inference.engine.galaxy_problem import GalaxyProblem
from digs.inference.engine.likeliest import Peaks

_WIDER = 1.5  # times the covariance of a peak, in the proposal that looks around it
_DEGREES = 6.0  # of freedom
_DRAWS = 1500  # of the cheap likelihood in a round
_COMPONENTS = 8
_FEW = 12  # effective draws for each dimension that a component is to have
_DEFENCE, _WIDE = 0.05, 3.0  # share of a component that is so many times as wide as all draws
_ENOUGH = 0.5  # of the draws effective: no further round


@dataclass(frozen=True)
class DrawProposal:
    """What draws of z come from; a network's would have the same two methods."""

    mixture: StudentMixture

    def sample(self, number: int, random: np.random.Generator) -> np.ndarray:
        """Return so many draws of z, shape (number, d)."""
        return self.mixture.sample(number, random)

    def log_prob(self, z: np.ndarray) -> np.ndarray:
        """Return ln of the density of z, shape (N,)."""
        return self.mixture.log_prob(z)


def around_peaks(peaks: Peaks) -> StudentMixture:
    """Return a mixture with a component at each peak, of the share that it has if it is as sharp as it looks."""
    covariance = np.linalg.inv(peaks.precision)
    factor = np.linalg.cholesky(covariance)
    log_share = peaks.value + np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(1)
    share = np.exp(log_share - logsumexp(log_share))
    share = 0.9 * share + 0.1 / len(share)
    return StudentMixture(share, peaks.z, np.sqrt(_WIDER) * factor, _DEGREES)


def first_guess(
    problem: GalaxyProblem, forms: FixedCovariance, peaks: Peaks, random: np.random.Generator, rounds: int = 8
) -> DrawProposal:
    """Return a proposal that is like the posterior of the cheap likelihood.

    Args:
        problem: of the galaxy.
        forms: its cheap likelihood.
        peaks: of it.
        random: source of random numbers.
        rounds: in which the mixture learns from its own draws, at most.
    """
    mixture = around_peaks(peaks)
    mixtures, z, log_target = [], np.empty((0, peaks.z.shape[1])), np.empty(0)
    for _ in range(rounds):
        own = mixture.sample(_DRAWS, random)
        mixtures.append(mixture)
        of_own = cheap_target(problem, forms, own)
        z, log_target = np.concatenate([z, own]), np.concatenate([log_target, of_own])
        log_proposal = logsumexp([each.log_prob(z) for each in mixtures], axis=0) - np.log(len(mixtures))
        share = float(efficiency(torch.as_tensor(of_own - mixture.log_prob(own))[None]))
        mixture = learned_mixture(z, log_target - log_proposal, random)
        if share > _ENOUGH:
            break
    return DrawProposal(mixture)


def cheap_target(problem: GalaxyProblem, forms: FixedCovariance, z: np.ndarray) -> np.ndarray:
    """Return ln of the cheap likelihood times the prior in z, but for a constant, shape (N,)."""
    theta = torch.as_tensor(problem.coordinates.theta(z))
    log_prior = problem.prior.log_prob(theta).numpy() + problem.coordinates.log_jacobian(z)
    columns, dispersion = problem.split(theta)
    y = problem.coefficients(columns) @ forms.combine.T
    return forms.log_likelihood(y, dispersion).numpy() + log_prior


def learned_mixture(z: np.ndarray, log_weight: np.ndarray, random: np.random.Generator) -> StudentMixture:
    """Return a mixture that is like weighted draws, with a wide component beside it."""
    dimensions = z.shape[1]
    log_weight = tempered(log_weight, 3.0 * _FEW * dimensions)
    weight = np.exp(log_weight - logsumexp(log_weight))
    components = int(np.clip(1 / np.square(weight).sum() // (_FEW * dimensions), 1, _COMPONENTS))
    points = z[resample_systematically(log_weight, _DRAWS, random)]
    even = np.full(_DRAWS, 1 / _DRAWS)
    mean, covariance = moments(points, even)
    fitted = StudentMixture.fitted(points, even, components, _DEGREES, random, steps=10)
    wide = StudentMixture(np.ones(1), mean[None], _WIDE * np.linalg.cholesky(covariance)[None], _DEGREES)
    return fitted.beside(wide, _DEFENCE)


def tempered(log_weight: np.ndarray, least: float) -> np.ndarray:
    """Return ln weights raised to the largest power up to 1 that leaves so many draws effective."""
    log_weight = log_weight - log_weight.max()
    powers = np.geomspace(1.0, 1e-3, 40)
    for power in powers:
        weight = np.exp(power * log_weight)
        if weight.sum() ** 2 / np.square(weight).sum() >= least:
            break
    return power * log_weight
