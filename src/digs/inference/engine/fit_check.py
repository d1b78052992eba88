"""How well the likeliest galaxy fits a spectrum: chi-squared with all that is uncertain beside the noise."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.sparse import csr_array, diags_array, hstack
from scipy.stats import chi2

from digs.exact.normal.low_rank import LowRankCovariance
from digs.exact.normal.normal_equations import cubic_shares
from digs.exact.normal.nuisances import Nuisances, calibration_modes, covariance_modes, relative_modes
from digs.inference.engine.galaxy_problem import GalaxyProblem


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
    pixels, models = problem.pixels, problem.models
    seen = np.isfinite(pixels.sigma)
    rest, error = models[0].wavelength[seen], pixels.sigma[seen]
    one = torch.as_tensor(theta, dtype=torch.float64)[None]
    spectrum = problem.spectra(theta[None])[0][seen]
    columns, dispersion = problem.split(one)
    scatter = problem.equations.scatter
    luminosity = 10.0 ** theta[0] * problem.coefficients(columns)[0, scatter.strong].numpy()
    share = np.ones(1)
    if dispersion is not None:
        share = cubic_shares(problem.equations.log_dispersion, dispersion)[0].numpy()
    strong = scatter.strong.numpy()
    profiles = sum(part * model.matrix[seen][:, strong] for part, model in zip(share, models, strict=True))
    floor = replace(nuisances, calibration=0.0, modes=0, level=0.0)
    reference = problem.equations.reference[seen]
    fixed = covariance_modes(reference, relative_modes(floor, rest), rest, models[0].redshift, floor)
    smooth = diags_array(spectrum) @ calibration_modes(nuisances, rest, rest)
    lines = nuisances.lines * profiles * luminosity
    covariance = LowRankCovariance(error, csr_array(hstack([fixed, csr_array(smooth), csr_array(lines)])))
    residual = pixels.flux[seen] - spectrum
    chi_squared = float(covariance.products(residual[:, None])[0, 0])
    pull = np.convolve((residual / error) ** 2, np.ones(min(_BOX, len(error))), mode="same")
    worst = float(pixels.instrument.wavelength[seen][int(pull.argmax())])
    return FitCheck(chi_squared, len(error), len(theta), worst)
