"""How well the likeliest galaxy fits a spectrum: chi-squared with all that is uncertain beside the noise.

At the truth it has as many degrees of freedom as there are pixels (digs.inference.predictive). At the best fit it is
smaller, by no more than the number of parameters, and by less where the prior tells them. So a galaxy of the model is
called outside it no more often than the significance says.
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import chi2

from digs.inference.engine.expected_nuisance import expected_nuisance, nuisance_modes
from digs.inference.engine.fixed_covariance import every_product, scattered
from digs.inference.engine.galaxy_problem import GalaxyProblem
from digs.inference.engine.node_models import interpolated_spectra, model_shares

_BOX = 25  # pixels, over which residuals are looked at together


@dataclass(frozen=True)
class FitCheck:
    """Chi-squared of the best fit.

    chi_squared: with the nuisances; pixels: that count, the degrees of freedom at the truth.
    theta: the best fit, shape (columns,).
    """

    chi_squared: float
    pixels: int
    theta: np.ndarray

    @classmethod
    def of(cls, problem: GalaxyProblem, theta: np.ndarray) -> "FitCheck":
        """Return the check of one galaxy, by its normal equations.

        Args:
            problem: of the galaxy.
            theta: the likeliest one, shape (columns,).
        """
        columns, dispersion = problem.split(torch.as_tensor(theta, dtype=torch.float64)[None])
        amounts = 10.0 ** theta[0] * problem.coefficients(columns)[0].numpy()
        share = model_shares(problem.models, dispersion)[0].numpy()
        products = np.tensordot(share, every_product(problem.equations), 1)
        products = scattered(products, problem.equations.scatter, amounts)[0]
        residual = np.append(-amounts, 1.0)
        pixels = int(np.isfinite(problem.pixels.sigma).sum())
        chi_squared = round(float(residual @ products @ residual), 4)  # beyond, rounding depends on places in memory
        return cls(chi_squared, pixels, theta)

    @property
    def probability(self) -> float:
        """Return how probable a chi-squared of this size or larger is at the truth, if the model is right."""
        return float(chi2.sf(self.chi_squared, self.pixels))

    @property
    def inflation(self) -> float:
        """Return by what errors would have to be multiplied for chi-squared to be what is expected."""
        return float(np.sqrt(self.chi_squared / self.pixels))


def worst_wavelength(problem: GalaxyProblem, theta: np.ndarray) -> float:
    """Return the observed wavelength in Angstrom around which a fit is worst.

    Args:
        problem: of the galaxy.
        theta: the likeliest one, shape (columns,).
    """
    pixels = problem.pixels
    seen = np.isfinite(pixels.sigma)
    columns, dispersion = problem.split(torch.as_tensor(theta, dtype=torch.float64)[None])
    spectrum = interpolated_spectra(problem.models, problem.coefficients, columns, dispersion)[0]
    parts = problem.models, problem.coefficients, columns, dispersion, problem.strong
    reference = problem.models[problem.middle].matrix @ problem.reference
    modes = nuisance_modes(*parts, problem.nuisances, seen, reference)
    error, residual = pixels.sigma[seen], (pixels.flux - spectrum)[seen]
    pull = (residual - expected_nuisance(residual, error, modes)) / error
    smooth = np.convolve(pull**2, np.ones(min(_BOX, len(error))), mode="same")
    return float(pixels.instrument.wavelength[seen][int(smooth.argmax())])
