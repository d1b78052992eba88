"""The models of a galaxy at a few dispersions, and its spectra at those between."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from digs.exact.normal.normal_equations import cubic_shares
from digs.physics.linear.linear_model import LinearModel
from digs.physics.linear.spectrum_coefficients import SpectrumCoefficients


def interpolated_spectra(
    models: Sequence[LinearModel], coefficients: SpectrumCoefficients, theta: Tensor, log_dispersion: Tensor | None
) -> np.ndarray:
    """Return F_lambda in the pixels, shape (N, pixels).

    Args:
        models: of ascending dispersions, or one.
        coefficients: with the lines of the models.
        theta: the columns of the coefficients, shape (N, columns).
        log_dispersion: log10 of the dispersion in km/s, shape (N,); None where there is one model.
    """
    amounts = coefficients(theta) * 10.0 ** theta[:, :1]
    if log_dispersion is None:
        return (amounts @ torch.as_tensor(models[0].matrix).T).numpy()
    share = cubic_shares(log_nodes(models), log_dispersion)
    return sum(share[:, [k]] * (amounts @ torch.as_tensor(each.matrix).T) for k, each in enumerate(models)).numpy()


def log_nodes(models: Sequence[LinearModel]) -> Tensor:
    """Return log10 of the models' dispersions in km/s."""
    return torch.tensor([np.log10(model.dispersion) for model in models], dtype=torch.float64)


def alike(models: list[LinearModel]) -> list[LinearModel]:
    """Return the models with the lines that all of them see."""
    common = sorted(set.intersection(*(set(model.lines.tolist()) for model in models)))
    found = []
    for model in models:
        shapes = model.matrix.shape[1] - len(model.lines)
        kept = np.flatnonzero(np.isin(model.lines, common))
        matrix = np.concatenate([model.matrix[:, :shapes], model.matrix[:, shapes + kept]], 1)
        lines = model.lines[kept]
        found.append(replace(model, matrix=matrix, lines=lines, line_wavelength=model.line_wavelength[kept]))
    return found
