r"""The likelihood with the covariance of one reference galaxy: cheap, and good enough to find the posterior by.

The nuisances of digs.exact.normal scatter by amounts that depend on theta. Here they are those of a reference, so that
the likelihood is quadratic in the amounts g of shapes and lines. Of these only a few combinations y = T g are told by
the data, those along which a normal prior of the moments of g would be narrowed:

    \ln L = M y^T b - M^2 y^T C y / 2 + const,

where the best mass is y^T b / y^T C y, or the end of the prior that is nearest to it. C, b and the constant are
interpolated between dispersions.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from digs.exact.normal.low_rank import LowRankCovariance
from digs.exact.normal.normal_equations import NormalEquations
from digs.exact.normal.scatter import Scatter
from digs.inference.engine.dispersion_nodes import node_shares
from digs.inference.engine.expected_nuisance import modes_around
from digs.inference.engine.galaxy_problem import GalaxyProblem
from digs.inference.engine.node_models import log_nodes

_TOLD = 0.03  # of its variance in the prior, by whose inverse the data narrow a combination that is kept
_LEAST = 2.0  # standard deviations that a mass is above 0, in the integral over its logarithm


@dataclass(frozen=True)
class FixedCovariance:
    """Quadratic forms of a few combinations of amounts.

    combine: T, shape (r, n).
    curvature: C at each dispersion, shape (K, r, r); slope: b, shape (K, r); constant: shape (K,).
    log_dispersion: shape (K,).
    mass_range: ends of the prior of M in solar masses.
    """

    combine: Tensor
    curvature: Tensor
    slope: Tensor
    constant: Tensor
    log_dispersion: Tensor
    mass_range: tuple[float, float]

    @classmethod
    def of(cls, problem: GalaxyProblem, reference: np.ndarray, node: int) -> "FixedCovariance":
        """Return the forms of a galaxy.

        Args:
            problem: of the galaxy.
            reference: amounts of shapes and lines times the mass, shape (n,), whose scatter is taken.
            node: of the dispersion at which the reference scatters and combinations are chosen.
        """
        products, log_determinant = scattered_products(problem, reference, node)
        return cls._of(problem, reference, node, products, np.full(len(products), log_determinant))

    @classmethod
    def of_equations(cls, problem: GalaxyProblem) -> "FixedCovariance":
        """Return the forms of a galaxy whose normal equations are wanted anyway, with the scatter of its reference."""
        return cls._of(problem, problem.reference, problem.middle, *products_of_equations(problem))

    @classmethod
    def _of(
        cls, problem: GalaxyProblem, reference: np.ndarray, node: int, products: np.ndarray, log_determinant: np.ndarray
    ) -> "FixedCovariance":
        """The forms of products, (K, n + 1, n + 1), and of ln det(2 pi C), (K,)."""
        moments = problem.moments
        rows = np.append(np.arange(moments.shapes), moments.shapes + problem.models[node].lines)
        scale = np.linalg.norm(reference[: moments.shapes])
        factor = scale * np.column_stack([moments.mean[rows], moments.factor[rows]])
        told = products[node, :-1, :-1] @ factor
        value, vectors = np.linalg.eigh(factor.T @ told)
        kept = value > _TOLD
        combine = (told @ (vectors[:, kept] / value[kept])).T  # y is x_r, where g = factor x and x has unit variances
        back = factor @ vectors[:, kept]
        constants = -(products[:, -1, -1] + log_determinant) / 2
        parts = combine, back.T @ products[:, :-1, :-1] @ back, products[:, :-1, -1] @ back, constants
        parts = (torch.as_tensor(np.ascontiguousarray(part)) for part in parts)
        return cls(*parts, log_nodes(problem.models), problem.mass_range)

    def at(self, y: Tensor, log_dispersion: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Return y^T C y, y^T b and the constant, shape (N,) each.

        Args:
            y: shape (N, r).
            log_dispersion: log10 of the dispersion in km/s, shape (N,); None where there is one alone.
        """
        if len(self.curvature) == 1:
            return ((y @ self.curvature[0]) * y).sum(1), y @ self.slope[0], self.constant.expand(len(y))
        assert log_dispersion is not None
        share = node_shares(self.log_dispersion, log_dispersion)
        square = torch.stack([((y @ each) * y).sum(1) for each in self.curvature], 1)
        return (share * square).sum(1), (share * (y @ self.slope.T)).sum(1), share @ self.constant

    def mass(self, square: Tensor, inner: Tensor) -> Tensor:
        """Return the best mass in solar masses, of y^T C y and y^T b."""
        return (inner / square.clamp_min(1e-300)).clamp(*self.mass_range)

    def without_mass(self, square: Tensor, inner: Tensor, constant: Tensor) -> Tensor:
        """Return ln of the integral over ln M, nearly: the peak, and the width in ln M of a mass well above 0."""
        mass = self.mass(square, inner)
        sigmas = mass * square.sqrt()  # from 0
        return mass * inner - sigmas**2 / 2 - sigmas.clamp_min(_LEAST).log() + constant

    def log_likelihood(self, y: Tensor, log_dispersion: Tensor | None) -> Tensor:
        """Return ln L integrated over the logarithm of the mass, nearly, shape (N,)."""
        return self.without_mass(*self.at(y, log_dispersion))


def scattered_products(problem: GalaxyProblem, reference: np.ndarray, node: int) -> tuple[np.ndarray, float]:
    """Return (A, d)^T C^{-1} (A, d) at each dispersion, shape (K, n + 1, n + 1), and ln det(2 pi C).

    Args:
        problem: of the galaxy.
        reference, node: as of FixedCovariance.of; of a reference of 0 there is the noise alone.
    """
    seen = np.isfinite(problem.pixels.sigma)
    data, error, first = problem.pixels.flux[seen], problem.pixels.sigma[seen], problem.models[node]
    modes = modes_around(first, first.matrix @ reference, reference, problem.strong, problem.nuisances, seen)
    covariance = LowRankCovariance(error, modes)
    products = [covariance.products(np.column_stack([model.matrix[seen], data])) for model in problem.models]
    return np.stack(products), covariance.log_determinant + len(data) * np.log(2 * np.pi)


def products_of_equations(problem: GalaxyProblem) -> tuple[np.ndarray, np.ndarray]:
    """Return what scattered_products does, by the normal equations: the reference scatters as at each dispersion.

    Args:
        problem: with a reference.
    """
    equations = problem.equations
    products, log_determinant = scattered(every_product(equations), equations.scatter, problem.reference)
    return products, equations.log_determinant + log_determinant


def every_product(equations: NormalEquations) -> np.ndarray:
    """Return the products of all columns and the data, shape (K, n + 1, n + 1)."""
    total = equations.square.shape[-1]
    every = np.empty((len(equations.square), total + 1, total + 1))
    every[:, :-1, :-1], every[:, -1, -1] = equations.square, equations.data
    every[:, :-1, -1] = every[:, -1, :-1] = equations.inner
    return every


def scattered(products: np.ndarray, scatter: Scatter, amounts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the products of shapes, lines and data once a galaxy scatters, (..., n + 1, n + 1), and ln of the
    determinant of what is added to the covariance, (...).

    Args:
        products: of all columns and the data, without the scatter, shape (..., N + 1, N + 1).
        scatter: of lines and calibration.
        amounts: of the galaxy's shapes and lines, the mass included, shape (n,).
    """
    sizes, calibration = scatter.modes(torch.as_tensor(amounts)[None])
    strong = len(scatter.strong)
    modes = np.zeros((products.shape[-1], strong + len(scatter.at_lines)))  # sums of columns; none has the data
    modes[scatter.strong, np.arange(strong)] = sizes[0]
    modes[scatter.columns, strong:] = calibration[0].T
    along = products @ modes
    factor = np.linalg.cholesky(np.eye(modes.shape[1]) + modes.T @ along)
    kept = np.append(np.arange(len(amounts)), products.shape[-1] - 1)
    white = np.linalg.solve(factor, along[..., kept, :].mT)
    log_determinant = 2 * np.log(np.diagonal(factor, axis1=-2, axis2=-1)).sum(-1)
    return products[..., kept, :][..., kept] - white.mT @ white, log_determinant


def likely_amounts(problem: GalaxyProblem, node: int, rounds: int = 3) -> np.ndarray:
    """Return amounts of shapes and lines times the mass, shape (n,), by a Wiener filter at one dispersion.

    Args:
        problem: of the galaxy.
        node: of the dispersion.
        rounds: in which the covariance is found.
    """
    alone = replace(problem, models=problem.models[node : node + 1])
    found = np.zeros(alone.models[0].matrix.shape[1])
    for _ in range(rounds):
        products = scattered_products(alone, found, 0)[0][0]
        found = problem.moments.likely(products[:-1, :-1], products[:-1, -1], alone.models[0].lines)
    return found
