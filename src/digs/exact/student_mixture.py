r"""Mixtures of multivariate Student-t distributions, fitted to weighted points.

With D = (x - mu)^T Sigma^{-1} (x - mu), a component has the density

    t(x) = Gamma((v + d) / 2) / [Gamma(v / 2) (v pi)^{d/2} |Sigma|^{1/2}] (1 + D / v)^{-(v + d)/2}

The fit is by expectation and maximisation (Peel & McLachlan 2000; for weighted points Cappe et al. 2008, section 4):
with rho_k the share of a component in the density at a point and u = (v + d) / (v + D),

    mu_k = \sum w rho_k u x / \sum w rho_k u,      Sigma_k = \sum w rho_k u (x - mu_k) (x - mu_k)^T / \sum w rho_k

A component that few points tell of is held by a guess of its Sigma, the covariance of all points times K^{-2/d}, which
counts as d + 2 points. So no component can shrink to a point.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import gammaln, logsumexp

_TINY = 1e-9  # of the variances of all points, added to every Sigma; and the least share of a component


@dataclass(frozen=True)
class StudentMixture:
    """K components in d dimensions, all with the same degrees of freedom.

    share: that they have, (K,), which add up to 1; centre, (K, d); factor: the lower Cholesky factors of Sigma,
    (K, d, d).

    Example:
        >>> import numpy as np
        >>> from digs.exact.student_mixture import StudentMixture
        >>> points = np.random.default_rng(1).standard_normal((500, 2))
        >>> random = np.random.default_rng(2)
        >>> mixture = StudentMixture.fitted(points, np.ones(500), components=2, degrees=8, random=random)
        >>> mixture.sample(7, random).shape, mixture.log_prob(points).shape
        ((7, 2), (500,))
    """

    share: np.ndarray
    centre: np.ndarray
    factor: np.ndarray
    degrees: float

    @classmethod
    def fitted(
        cls,
        points: np.ndarray,
        weight: np.ndarray,
        components: int,
        degrees: float,
        random: np.random.Generator,
        steps: int = 20,
    ) -> "StudentMixture":
        """Return a mixture that is like weighted points.

        Args:
            points: shape (n, d).
            weight: shape (n,), 0 or more.
            components: how many at most; one that hardly any points are left to is dropped.
            degrees: of freedom.
            random: of where the components are before the first step.
            steps: of the fit.
        """
        weight = weight / weight.sum()
        covariance = moments(points, weight)[1]
        guess = covariance * components ** (-2 / points.shape[1])
        factor = np.repeat(np.linalg.cholesky(guess)[None], components, 0)
        share = np.full(components, 1 / components)
        mixture = cls(share, _spread(points, weight, covariance, components, random), factor, degrees)
        for _ in range(steps):
            mixture = mixture._improved(points, weight, guess)
        return mixture

    def _improved(self, points: np.ndarray, weight: np.ndarray, guess: np.ndarray) -> "StudentMixture":
        """The mixture after one step of expectation and maximisation."""
        dimensions = points.shape[1]
        distance = self._distances(points)
        log_density = self._log_densities(distance)
        rho = weight * np.exp(log_density - logsumexp(log_density, axis=0))
        total, squares = rho.sum(1), np.square(rho).sum(1)
        alive = total > _TINY
        rho, total, squares, distance = rho[alive], total[alive], squares[alive], distance[alive]
        scaled = rho * (self.degrees + dimensions) / (self.degrees + distance)
        centre = scaled @ points / scaled.sum(1, keepdims=True)
        held, count = dimensions + 2, total**2 / squares
        factor = np.empty((len(total), dimensions, dimensions))
        for k, (middle, part) in enumerate(zip(centre, scaled, strict=True)):
            away = points - middle
            sigma = (part[:, None] * away).T @ away / total[k]
            factor[k] = np.linalg.cholesky((count[k] * sigma + held * guess) / (count[k] + held))
        return StudentMixture(total / total.sum(), centre, factor, self.degrees)

    def beside(self, other: "StudentMixture", share: float) -> "StudentMixture":
        """Return this mixture with another beside it, which has such a share of both."""
        both = ((1 - share) * self.share, share * other.share), (self.centre, other.centre), (self.factor, other.factor)
        return StudentMixture(*(np.concatenate(parts) for parts in both), self.degrees)

    def log_prob(self, points: np.ndarray) -> np.ndarray:
        """Return ln of the density at points, (n, d), shape (n,)."""
        return logsumexp(self._log_densities(self._distances(points)), axis=0)

    def sample(self, number: int, random: np.random.Generator) -> np.ndarray:
        """Return so many draws, shape (number, d), as many of each component as its share says, give or take one."""
        dimensions = self.centre.shape[1]
        goals = (np.arange(number) + random.random()) / number
        which = np.searchsorted(self.share.cumsum(), goals).clip(max=len(self.share) - 1)
        scale = np.sqrt(self.degrees / random.chisquare(self.degrees, number))
        normal = scale[:, None] * random.standard_normal((number, dimensions))
        return self.centre[which] + np.einsum("nij,nj->ni", self.factor[which], normal)

    def _distances(self, points: np.ndarray) -> np.ndarray:
        """D of each component, shape (K, n)."""
        pulls = (
            solve_triangular(factor, (points - middle).T, lower=True, check_finite=False)
            for middle, factor in zip(self.centre, self.factor, strict=True)
        )
        return np.stack([np.square(pull).sum(0) for pull in pulls])

    def _log_densities(self, distance: np.ndarray) -> np.ndarray:
        """Ln of share times density of each component, shape (K, n)."""
        dimensions, v = self.centre.shape[1], self.degrees
        constant = gammaln((v + dimensions) / 2) - gammaln(v / 2) - dimensions / 2 * math.log(v * math.pi)
        volume = np.log(np.diagonal(self.factor, axis1=1, axis2=2)).sum(1)
        return (np.log(self.share) + constant - volume)[:, None] - (v + dimensions) / 2 * np.log1p(distance / v)


def moments(points: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean, (d,), and covariance, (d, d), of points, (n, d), whose weights, (n,), add up to 1."""
    mean = weight @ points
    away = points - mean
    covariance = (weight[:, None] * away).T @ away
    return mean, covariance + np.diag(_TINY * (np.diagonal(covariance) + _TINY))


def _spread(
    points: np.ndarray, weight: np.ndarray, covariance: np.ndarray, number: int, random: np.random.Generator
) -> np.ndarray:
    """Points that are far from one another, (number, d), as k-means++ begins (Arthur & Vassilvitskii 2007)."""
    white = solve_triangular(np.linalg.cholesky(covariance), points.T, lower=True).T
    chosen = [random.choice(len(points), p=weight)]
    away = np.full(len(points), np.inf)
    while len(chosen) < number:
        away = np.minimum(away, np.square(white - white[chosen[-1]]).sum(1))
        p = weight * away
        chosen.append(random.choice(len(points), p=p / p.sum()) if p.sum() > 0 else chosen[-1])
    return points[chosen]
