"""The normal equations of a spectrum whose reference, the spectrum that the floor multiplies, is known already.

They are those of digs.exact.normal.NormalEquations, which finds a reference of its own in rounds over all dispersions;
here it is the likeliest galaxy of the search.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from digs.exact.normal.low_rank import LowRankCovariance
from digs.exact.normal.moments import CoefficientMoments
from digs.exact.normal.normal_equations import NormalEquations
from digs.exact.normal.nuisances import Nuisances, calibration_modes, covariance_modes, relative_modes
from digs.exact.normal.scatter import COARSE, Scatter
from digs.inference.engine.model_pixels import ModelPixels
from digs.physics.linear.linear_model import LinearModel


def exact_equations(
    pixels: ModelPixels,
    models: Sequence[LinearModel],
    moments: CoefficientMoments,
    nuisances: Nuisances,
    reference: np.ndarray,
) -> NormalEquations:
    """Return the equations of a spectrum.

    Args:
        pixels: that are compared.
        models: of ascending dispersions, or one, that see the same lines.
        moments: of the coefficients of all lines.
        nuisances: what else is uncertain.
        reference: F_lambda in the pixels, shape (pixels,).
    """
    seen = np.isfinite(pixels.sigma)
    first, data, error = models[0], pixels.flux[seen], pixels.sigma[seen]
    rest = first.wavelength[seen]
    floor = replace(nuisances, calibration=0.0, modes=0, level=0.0)
    modes = covariance_modes(reference[seen], relative_modes(floor, rest), rest, first.redshift, floor)
    covariance = LowRankCovariance(error, modes)
    smooth = calibration_modes(nuisances, rest, rest)
    own, count, inverse = first.matrix.shape[1], smooth.shape[1], 1 / error
    white = np.empty((len(data), own + COARSE * count + 1))  # all columns, divided by the errors
    white[:, -1] = data * inverse
    products = []
    for model in models:
        np.multiply(model.matrix if seen.all() else model.matrix[seen], inverse[:, None], out=white[:, :own])
        scattered = white[:, own:-1].reshape(len(data), count, COARSE)
        np.multiply(white[:, None, :COARSE], smooth[:, :, None], out=scattered)
        products.append(covariance.white_products(white))
    products = np.stack(products)
    strong = np.flatnonzero(moments.strong(first.lines))
    at_lines = calibration_modes(nuisances, rest, first.line_wavelength[strong])
    return NormalEquations(
        lines=first.lines,
        scatter=Scatter.of(moments.shapes + strong, nuisances.lines, at_lines, own),
        log_dispersion=torch.tensor([np.log10(max(model.dispersion, 1e-3)) for model in models]).double(),
        square=torch.as_tensor(products[:, :-1, :-1].copy()),
        inner=torch.as_tensor(products[:, :-1, -1].copy()),
        data=float(products[0, -1, -1]),
        log_determinant=covariance.log_determinant + len(data) * np.log(2 * np.pi),
        reference=reference,
    )
