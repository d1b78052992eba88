r"""All that the likelihood needs of a spectrum, as matrices of the size of the basis.

With A the model's matrix (digs.physics.linear.linear_model), g(theta) the amounts of shapes and lines of a solar mass
and d the data, ln L at a mass M is made of

    g^T A^T C^{-1} A g,    g^T A^T C^{-1} d,    d^T C^{-1} d,    ln det C

so that A^T C^{-1} A, A^T C^{-1} d and two numbers are computed once, and the pixels forgotten.

The covariance C (digs.exact.normal.nuisances) depends on the model. The floor multiplies one fixed model m_0, the
spectrum that is likeliest for these data under a normal prior of the coefficients (a Wiener filter), found in a few
rounds; the mode of the redshift is that of m_0, too. What scatters by more is that of each theta
(digs.exact.normal.scatter): strong lines and calibration, at a mass M_0 that depends on theta's other columns alone. It
is the mass that fits best, found in two rounds. Woodbury's identity adds them, in matrices as large as their number.
So the likelihood is normal in the mass.

Where the dispersion is a column of theta, matrices are computed at a few dispersions, and A^T C^{-1} A and A^T C^{-1} d
interpolated between by cubic polynomials in its logarithm.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from digs.base.errors import DigsError
from digs.exact.normal.low_rank import LowRankCovariance
from digs.exact.normal.moments import CoefficientMoments
from digs.exact.normal.nuisances import Nuisances, calibration_modes, covariance_modes, relative_modes
from digs.exact.normal.scatter import COARSE, Scatter
from digs.physics.linear.linear_model import LinearModel

_ROUNDS = 3  # in which the fixed model is found


_MASS_ROUNDS = 2  # in which M_0 is found


_CUBIC = 4  # nodes of a cubic polynomial


@dataclass(frozen=True)
class MassTerms:
    """ln L = peak - (M - mean)^2 / (2 std^2) at the mass M, each of shape (N,), float64.

    Example:
        >>> import torch
        >>> from digs.exact.normal.normal_equations import MassTerms
        >>> terms = MassTerms(mean=torch.tensor([2e10]), std=torch.tensor([1e9]), peak=torch.tensor([-3.0]))
        >>> terms.log_likelihood(torch.tensor([10.322219])).round(decimals=2)  # a mass one standard deviation above
        tensor([-3.5000])
    """

    mean: Tensor
    std: Tensor
    peak: Tensor

    def log_likelihood(self, logmass: Tensor) -> Tensor:
        """Return ln L, shape (N,), at masses that are given as logarithms to base 10."""
        return self.peak - ((10.0**logmass - self.mean) / self.std) ** 2 / 2


@dataclass(frozen=True)
class NormalEquations:
    """A spectrum's likelihood; see the module.

    lines: which of the populations' lines come after the shapes.
    scatter: of what depends on theta.
    log_dispersion: log10 of the dispersions in km/s, ascending, shape (K,).
    square: A^T C^{-1} A, shape (K, n, n), without the scatter, A being shapes, lines, and the scatter's products.
    inner: A^T C^{-1} d, shape (K, n).
    data: d^T C^{-1} d; log_determinant: ln det(2 pi C).
    reference: m_0 in the pixels, in the flux's unit, shape (pixels,).
    """

    lines: np.ndarray
    scatter: Scatter
    log_dispersion: Tensor
    square: Tensor
    inner: Tensor
    data: float
    log_determinant: float
    reference: np.ndarray

    @classmethod
    def of(
        cls,
        flux: np.ndarray,
        sigma: np.ndarray,
        models: LinearModel | Sequence[LinearModel],
        moments: CoefficientMoments,
        nuisances: Nuisances,
    ) -> "NormalEquations":
        """Return the equations of a spectrum.

        Args:
            flux: F_lambda in erg/s/cm^2/Angstrom, shape (pixels,); anything where sigma is infinite.
            sigma: its standard deviations, infinite in gaps, shape (pixels,).
            models: that of the spectrum's pixels; or several, of ascending dispersions but otherwise alike.
            moments: of the coefficients of all lines.
            nuisances: what else is uncertain.
        Raises:
            DigsError: shapes do not fit, no pixel is left, a flux or sigma is no number, or sigma is not positive.
        """
        models = [models] if isinstance(models, LinearModel) else list(models)
        seen = _seen(flux, sigma, models)
        first, data, error = models[0], np.asarray(flux)[seen], np.asarray(sigma)[seen]
        matrices = [model.matrix[seen] for model in models]
        rest = first.wavelength[seen]
        best, likely = _likeliest(matrices, data, error, rest, first, moments, nuisances)
        reference = matrices[best] @ likely
        floor = replace(nuisances, calibration=0.0, modes=0, level=0.0)
        modes = covariance_modes(reference, relative_modes(floor, rest), rest, first.redshift, floor)
        covariance = LowRankCovariance(error, modes)
        smooth = calibration_modes(nuisances, rest, rest)
        columns = [
            np.column_stack([part, *(part[:, :COARSE] * mode[:, None] for mode in smooth.T), data]) for part in matrices
        ]
        products = np.stack([covariance.products(part) for part in columns])
        strong = np.flatnonzero(moments.strong(first.lines))
        at_lines = calibration_modes(nuisances, rest, first.line_wavelength[strong])
        return cls(
            lines=first.lines,
            scatter=Scatter.of(moments.shapes + strong, nuisances.lines, at_lines, matrices[0].shape[1]),
            log_dispersion=torch.tensor([np.log10(max(model.dispersion, 1e-3)) for model in models]).double(),
            square=torch.as_tensor(products[:, :-1, :-1].copy()),
            inner=torch.as_tensor(products[:, :-1, -1].copy()),
            data=float(products[0, -1, -1]),
            log_determinant=covariance.log_determinant + len(data) * np.log(2 * np.pi),
            reference=models[best].matrix @ likely,
        )

    def mass_terms(
        self, amounts: Tensor, logmass_range: tuple[float, float], log_dispersion: Tensor | None = None
    ) -> MassTerms:
        """Return the likelihood as a function of the mass.

        Args:
            amounts: of shapes and lines in a solar mass (SpectrumCoefficients, with these lines), shape (N, n).
            logmass_range: inside which the mass M_0 of the scatter is kept.
            log_dispersion: log10 of the dispersion in km/s, shape (N,); without, that of the only model.
        """
        along, inner, block = self._at(amounts, log_dispersion)
        own = amounts.shape[1]
        model_model, model_data = (amounts * along[:, :own]).sum(1), (amounts * inner[:, :own]).sum(1)
        scattered, sides = self.scatter.products(amounts, along, inner, block)
        constants = self.data, self.log_determinant
        return scattered_mass_terms(model_model, model_data, scattered, sides, constants, logmass_range)

    def _at(self, amounts: Tensor, log_dispersion: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """A^T C^{-1} A g, A^T C^{-1} d, and the columns of A^T C^{-1} A that scatter, at dispersions."""
        own, columns = amounts.shape[1], self.scatter.columns
        block = self.square[:, columns][:, :, columns]
        if len(self.square) == 1:
            return amounts @ self.square[0, :own], self.inner.expand(len(amounts), -1), block[0]
        assert log_dispersion is not None
        share = cubic_shares(self.log_dispersion, log_dispersion.double())
        along = amounts.new_zeros(len(amounts), self.square.shape[-1])
        for node in range(len(self.square)):
            rows = (share[:, node] != 0).nonzero()[:, 0]
            if len(rows):
                along[rows] += share[rows, node, None] * (amounts[rows] @ self.square[node, :own])
        return along, share @ self.inner, torch.einsum("nk,kij->nij", share, block)


def scattered_mass_terms(
    model_model: Tensor,
    model_data: Tensor,
    scattered: Tensor,
    sides: Tensor,
    constants: tuple[float, float],
    logmass_range: tuple[float, float],
) -> MassTerms:
    """Return the likelihood as a function of the mass, where modes scatter at the mass M_0 that fits best.

    Args:
        model_model, model_data: m^T C^{-1} m and m^T C^{-1} d of a solar mass's model m, without the scatter, (N,).
        scattered: V^T C^{-1} V of the modes of a solar mass, shape (N, n, n).
        sides: V^T C^{-1} of model and data, shape (N, n, 2).
        constants: d^T C^{-1} d and ln det(2 pi C), without the scatter.
        logmass_range: inside which M_0 is kept.
    """
    (data, log_determinant), (low, high) = constants, (10.0**end for end in logmass_range)
    terms = MassTerms(model_data / model_model, model_model.rsqrt(), model_data)
    for _ in range(_MASS_ROUNDS):
        mass = terms.mean.clamp(low, high)[:, None, None]
        inside = mass**2 * scattered
        inside.diagonal(dim1=1, dim2=2).add_(1.0)
        factor = factor_of(inside)
        to_model, to_data = torch.linalg.solve_triangular(factor, mass * sides, upper=False).unbind(2)
        precision = model_model - (to_model**2).sum(1)
        mean = (model_data - (to_model * to_data).sum(1)) / precision
        chi_squared = data - (to_data**2).sum(1) - mean**2 * precision
        more = 2 * factor.diagonal(dim1=1, dim2=2).log().sum(1)
        terms = MassTerms(mean, precision.rsqrt(), -(chi_squared + (log_determinant + more)) / 2)
    return terms


def factor_of(matrices: Tensor) -> Tensor:
    """Return Cholesky factors of matrices, 1 and what is positive, shape (N, n, n).

    Between nodes, lines that are blended may lack so little of being one that interpolation makes a matrix indefinite;
    its eigenvalues are then lifted to 1, below which there can be none.
    """
    factor, failed = torch.linalg.cholesky_ex(matrices)
    rows = failed.nonzero()[:, 0]
    if len(rows):
        values, vectors = torch.linalg.eigh(matrices[rows])
        factor[rows] = torch.linalg.cholesky((vectors * values.clamp_min(1.0)[:, None]) @ vectors.mT)
    return factor


def cubic_shares(nodes: Tensor, values: Tensor) -> Tensor:
    """Return the shares of nodes in a cubic interpolation (linear of two, quadratic of three), shape (N, nodes).

    Args:
        nodes: ascending, shape (nodes,).
        values: shape (N,), between the ends.

    Example:
        >>> import torch
        >>> from digs.exact.normal.normal_equations import cubic_shares
        >>> nodes = torch.arange(6.0).double()
        >>> (cubic_shares(nodes, torch.tensor([2.5]).double()) @ nodes**3).item()
        15.625
    """
    near = min(_CUBIC, len(nodes))
    first = (torch.searchsorted(nodes, values.contiguous()) - near // 2).clamp(0, len(nodes) - near)
    which = first[:, None] + torch.arange(near)
    place = nodes[which]
    shares = torch.ones_like(place)
    for one in range(near):
        for other in range(near):
            if one != other:
                shares[:, one] *= (values - place[:, other]) / (place[:, one] - place[:, other])
    return torch.zeros(len(values), len(nodes), dtype=shares.dtype).scatter_(1, which, shares)


def _likeliest(
    matrices: list[np.ndarray],
    data: np.ndarray,
    error: np.ndarray,
    rest: np.ndarray,
    model: LinearModel,
    moments: CoefficientMoments,
    nuisances: Nuisances,
) -> tuple[int, np.ndarray]:
    """Which of several matrices fits best, and the coefficients that are likeliest, by a few rounds."""
    weight = 1 / error[:, None]
    columns = [np.column_stack([matrix, data]) for matrix in matrices]  # so that all products come at once
    grams = [(part * weight).T @ (part * weight) for part in columns]
    relative, reference, best, found = relative_modes(nuisances, rest), np.zeros(len(data)), 0, np.empty(0)
    for _ in range(_ROUNDS):
        modes = covariance_modes(reference, relative, rest, model.redshift, nuisances)
        covariance = LowRankCovariance(error, modes)
        products = [covariance.products(part, gram) for part, gram in zip(columns, grams, strict=True)]
        each = [moments.likely(one[:-1, :-1], one[:-1, -1], model.lines) for one in products]
        best = int(np.argmax([_gain(one, likely) for one, likely in zip(products, each, strict=True)]))
        found = each[best]
        reference = matrices[best] @ found
    return best, found


def _gain(products: np.ndarray, found: np.ndarray) -> float:
    """By how much coefficients lower chi-squared."""
    return float(2 * found @ products[:-1, -1] - found @ products[:-1, :-1] @ found)


def _seen(flux: np.ndarray, sigma: np.ndarray, models: Sequence[LinearModel]) -> np.ndarray:
    """Which pixels have data."""
    pixels = len(models[0].matrix)
    if np.shape(flux) != (pixels,) or np.shape(sigma) != (pixels,):
        raise DigsError(
            f"The flux has shape {np.shape(flux)} and its errors {np.shape(sigma)}; the model has {pixels} pixels."
        )
    if any(not np.array_equal(model.lines, models[0].lines) for model in models):
        raise DigsError("The models of several dispersions see different lines; give them the same line_dispersion.")
    dispersions = [model.dispersion for model in models]
    if any(low >= high for low, high in pairwise(dispersions)):
        raise DigsError("The models' dispersions do not ascend; sort them, each once.")
    seen = np.isfinite(sigma)
    bad = ~(np.isfinite(flux[seen]) & (sigma[seen] > 0))
    if not seen.any() or bad.any():
        what = "has no pixel with a finite error" if not seen.any() else "has fluxes that are no numbers or errors of 0"
        raise DigsError(f"The spectrum {what}; mend its fluxes, and make errors infinite where they count for nothing.")
    return seen
