"""The likelihood on the pixels themselves, its covariance that of each theta: slow, and what the rest is judged by."""

import numpy as np
from scipy.sparse import csr_array, hstack
from torch import Tensor

from digs.base.progress import progress
from digs.exact.normal.low_rank import LowRankCovariance
from digs.exact.normal.nuisances import Nuisances, covariance_modes, relative_modes
from digs.physics.linear.linear_model import LinearModel
from digs.physics.linear.spectrum_coefficients import SpectrumCoefficients


def native_log_likelihood(
    flux: np.ndarray,
    sigma: np.ndarray,
    model: LinearModel,
    coefficients: SpectrumCoefficients,
    theta: Tensor,
    nuisances: Nuisances,
    strong: np.ndarray,
    logmass: Tensor | None = None,
    reference: np.ndarray | None = None,
) -> np.ndarray:
    """Return ln L, shape (N,).

    Args:
        flux, sigma: as of NormalEquations.of.
        model: of the pixels.
        coefficients: with the lines of the model.
        theta: shape (N, columns).
        nuisances: what is uncertain beside the noise.
        strong: which of the model's lines scatter.
        logmass: at which the nuisances scatter, shape (N,); by default the mass of theta.
        reference: the model that calibration and floor multiply, (pixels,); by default that of theta.
    """
    seen = np.isfinite(sigma)
    rest, error, data = model.wavelength[seen], sigma[seen], flux[seen]
    relative, matrix = relative_modes(nuisances, rest), model.matrix[seen]
    amounts = coefficients(theta).numpy()
    mass = 10 ** theta[:, 0].double().numpy()
    scale = mass if logmass is None else 10 ** logmass.double().numpy()
    places = matrix.shape[1] - len(model.lines) + strong
    found = np.empty(len(theta))
    for row in progress(range(len(theta)), desc="Likelihoods on pixels", unit="spectrum"):
        spectrum = matrix @ amounts[row]
        fixed = spectrum * scale[row] if reference is None else reference[seen]
        modes = covariance_modes(fixed, relative, rest, model.redshift, nuisances)
        lines = matrix[:, places] * (nuisances.lines * scale[row] * amounts[row, places])
        covariance = LowRankCovariance(error, csr_array(hstack([modes, csr_array(lines)])))
        chi_squared = covariance.products((data - mass[row] * spectrum)[:, None])[0, 0]
        found[row] = -(chi_squared + covariance.log_determinant + len(data) * np.log(2 * np.pi)) / 2
    return found
