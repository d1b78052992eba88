"""How well the likeliest galaxy fits a spectrum: chi-squared with all that is uncertain beside the noise."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import chi2

from digs.exact.normal.low_rank import LowRankCovariance
from digs.exact.normal.nuisances import Nuisances
from digs.inference.engine.expected_nuisance import expected_nuisance, nuisance_modes
from digs.inference.engine.galaxy_problem import GalaxyProblem
from digs.inference.engine.node_models import interpolated_spectra


@dataclass(frozen=True)
class FitCheck:
    """Chi-squared of the best fit.

    chi_squared: with the nuisances; pixels: that count; parameters: that were fitted.
    worst: observed wavelength in Angstrom around which the fit is worst.
    """

    chi_squared: float
    pixels: int
    parameters: int
    worst: float

    @property
    def degrees(self) -> int:
        """Return the degrees of freedom, 1 or more."""
        return max(self.pixels - self.parameters, 1)

    @property
    def probability(self) -> float:
        """Return how probable a chi-squared of this size or larger is, if the model is right."""
        return float(chi2.sf(self.chi_squared, self.degrees))

    @property
    def inflation(self) -> float:
        """Return by what errors would have to be multiplied for chi-squared to be what is expected."""
        return float(np.sqrt(self.chi_squared / self.degrees))


_BOX = 25  # pixels, over which residuals are looked at together


def fit_check(problem: GalaxyProblem, theta: np.ndarray, nuisances: Nuisances) -> FitCheck:
    """Return the check of one galaxy.

    Args:
        problem: of the galaxy.
        theta: the likeliest one, shape (columns,).
        nuisances: of the likelihood.
    """
    pixels = problem.pixels
    seen = np.isfinite(pixels.sigma)
    columns, dispersion = problem.split(torch.as_tensor(theta, dtype=torch.float64)[None])
    spectrum = interpolated_spectra(problem.models, problem.coefficients, columns, dispersion)[0]
    parts = problem.models, problem.coefficients, columns, dispersion, problem.strong
    reference = problem.models[problem.middle].matrix @ problem.reference
    modes = nuisance_modes(*parts, nuisances, seen, reference)
    error, residual = pixels.sigma[seen], (pixels.flux - spectrum)[seen]
    chi_squared = float(LowRankCovariance(error, modes).products(residual[:, None])[0, 0])
    pull = (residual - expected_nuisance(residual, error, modes)) / error
    smooth = np.convolve(pull**2, np.ones(min(_BOX, len(error))), mode="same")
    worst = float(pixels.instrument.wavelength[seen][int(smooth.argmax())])
    return FitCheck(chi_squared, len(error), len(theta), worst)
