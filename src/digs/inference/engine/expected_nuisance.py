r"""What the nuisances of a spectrum probably are: calibration, error floor and lines, given the residuals of a model.

With the residual r, the noise D and the modes V, all normal, it is V (1 + V^T D^{-1} V)^{-1} V^T D^{-1} r.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array, diags_array, hstack
from torch import Tensor

from digs.exact.normal.nuisances import Nuisances, calibration_modes, covariance_modes, relative_modes
from digs.inference.engine.node_models import model_shares
from digs.physics.linear.linear_model import LinearModel
from digs.physics.linear.spectrum_coefficients import SpectrumCoefficients


def nuisance_modes(
    models: Sequence[LinearModel],
    coefficients: SpectrumCoefficients,
    theta: Tensor,
    log_dispersion: Tensor | None,
    strong: np.ndarray,
    nuisances: Nuisances,
    seen: np.ndarray,
    reference: np.ndarray | None = None,
) -> csr_array:
    """Return the modes around one galaxy, shape (seen pixels, modes), as the likelihood has them.

    Args:
        models: of ascending dispersions, or one.
        coefficients: with their lines.
        theta: the columns of the coefficients, shape (1, columns).
        log_dispersion: log10 of the dispersion in km/s, shape (1,); None where there is one model.
        strong, nuisances, seen, reference: as of modes_around.
    """
    share = model_shares(models, log_dispersion)[0].numpy()
    matrix = sum(part * model.matrix for part, model in zip(share, models, strict=True))
    amounts = (10.0 ** theta[0, 0] * coefficients(theta)[0]).numpy()
    model = replace(models[0], matrix=matrix)
    return modes_around(model, matrix @ amounts if reference is None else reference, amounts, strong, nuisances, seen)


def modes_around(
    model: LinearModel,
    reference: np.ndarray,
    amounts: np.ndarray,
    strong: np.ndarray,
    nuisances: Nuisances,
    seen: np.ndarray,
) -> csr_array:
    """Return the modes around a sum of shapes and lines, shape (seen pixels, modes).

    Args:
        model: of the pixels.
        reference: that the floor multiplies, shape (pixels,).
        amounts: of shapes and lines, whose calibration and lines scatter, shape (n,).
        strong: which of shapes and lines scatter.
        nuisances: what is uncertain.
        seen: which pixels count, shape (pixels,).
    """
    rest, matrix = model.wavelength[seen], model.matrix[seen]
    floor = replace(nuisances, calibration=0.0, modes=0, level=0.0)
    fixed = covariance_modes(reference[seen], relative_modes(floor, rest), rest, model.redshift, floor)
    smooth = (matrix @ amounts)[:, None] * calibration_modes(nuisances, rest, rest)
    lines = nuisances.lines * matrix[:, strong] * amounts[strong]
    return csr_array(hstack([fixed, csr_array(smooth), csr_array(lines)]))


def expected_nuisance(residual: np.ndarray, sigma: np.ndarray, modes: csr_array) -> np.ndarray:
    """Return the likeliest sum of modes, of the shape of the residual.

    Args:
        residual: data less model, shape (pixels,), or of several models, (pixels, models).
        sigma: of the noise, finite, shape (pixels,).
        modes: shape (pixels, modes).

    Example:
        >>> import numpy as np
        >>> from scipy.sparse import csr_array
        >>> from digs.inference.engine.expected_nuisance import expected_nuisance
        >>> expected_nuisance(np.array([1.0, 1.0]), np.ones(2), csr_array([[100.0], [100.0]])).round(2).tolist()
        [1.0, 1.0]
    """
    white = csr_array(diags_array(1 / sigma) @ modes)
    inside = np.eye(modes.shape[1]) + (white.T @ white).toarray()
    return modes @ np.linalg.solve(inside, white.T @ (residual.T / sigma).T)
