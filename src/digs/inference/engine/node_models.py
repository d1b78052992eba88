"""The models of a galaxy at a few dispersions, and its spectra at those between."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
from astropy import constants
from torch import Tensor

from digs.inference.engine.dispersion_nodes import node_shares
from digs.inference.engine.spread_shapes import fill_shapes_in_pixels, lines_in_pixels
from digs.physics.distance import dimming
from digs.physics.instrument import Instrument
from digs.physics.linear.linear_model import LinearModel
from digs.physics.linear.shapes import Shapes
from digs.physics.linear.spectrum_coefficients import SpectrumCoefficients
from digs.physics.stored_populations import stored_populations

_C_KMS = constants.c.to_value("km / s")
_FWHM = 2 * np.sqrt(2 * np.log(2))  # of a Gaussian of dispersion 1
_UNSEEN = 1e-20  # per Angstrom, as in LinearModel: a line that is fainter in all pixels is left out


def node_models(instrument: Instrument, redshift: float, dispersions: np.ndarray) -> tuple[LinearModel, ...]:
    """Return what LinearModel.of gives for each dispersion, with the lines that all of them see.

    Args:
        instrument: whose pixels are integrated over, in vacuum and inside the populations.
        redshift: above 0.
        dispersions: of stars and gas in km/s, ascending.
    """
    if len(dispersions) == 1 and dispersions[0] == 0.0:  # lines are then as wide as FSPS makes them
        return (LinearModel.of(instrument, redshift),)
    populations = stored_populations().product
    edges, rest = instrument.edges / (1 + redshift), instrument.rest_wavelength(redshift)
    spreads = [_spreads(instrument, rest, float(each)) for each in dispersions]
    lines = [lines_in_pixels(populations["line_wavelength"], edges, np.sqrt(total) / _C_KMS) for total, _ in spreads]
    if instrument.matrix is not None:
        lines = [instrument.matrix @ each for each in lines]
    seen = np.flatnonzero(np.min([each.max(0) for each in lines], axis=0) > _UNSEEN)
    found, own = [], _shapes().shape[1]
    for dispersion, (_, added), each in zip(dispersions, spreads, lines, strict=True):
        matrix = np.empty((instrument.pixels, own + len(seen)))
        spread = np.sqrt(added.clip(min=0.0)) / _C_KMS
        fill_shapes_in_pixels(populations["wavelength"], _shapes(), edges, spread, matrix)
        if instrument.matrix is not None:
            matrix[:, :own] = instrument.matrix @ matrix[:, :own]
        matrix[:, own:] = each[:, seen]
        matrix *= dimming(redshift)
        wavelengths = populations["line_wavelength"][seen]
        found.append(LinearModel(redshift, float(dispersion), rest, matrix, seen, wavelengths, added < 0))
    return tuple(found)


def _spreads(instrument: Instrument, rest: np.ndarray, dispersion: float) -> tuple[np.ndarray, np.ndarray]:
    """Squares of the dispersion of lines, and of what is added to the populations', in km/s, shape (pixels,) each."""
    populations = stored_populations().product
    own = np.interp(rest, populations["wavelength"], np.abs(populations["resolution"]))
    total = np.full(instrument.pixels, dispersion**2)
    if instrument.sigma_kms is not None:
        total = total + instrument.sigma_kms**2
    elif instrument.resolution is not None:
        total = total + (_C_KMS / (instrument.resolution * _FWHM)) ** 2
    return total, total if instrument.sigma_kms is not None else total - own**2


@lru_cache(maxsize=1)
def _shapes() -> np.ndarray:
    """The stored shapes, (wavelengths, shapes)."""
    return np.ascontiguousarray(Shapes.stored().shapes.T, dtype=float)


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
    share = model_shares(models, log_dispersion)
    return sum(share[:, [k]] * (amounts @ torch.as_tensor(each.matrix).T) for k, each in enumerate(models)).numpy()


def model_shares(models: Sequence[LinearModel], log_dispersion: Tensor | None) -> Tensor:
    """Return the shares of models at dispersions between them, shape (N, models); (1, 1) where there is one model.

    Args:
        models: of ascending dispersions, or one.
        log_dispersion: log10 of the dispersion in km/s, shape (N,); None where there is one model.
    """
    if log_dispersion is None:
        return torch.ones(1, 1, dtype=torch.float64)
    return node_shares(log_nodes(models), log_dispersion)


def log_nodes(models: Sequence[LinearModel]) -> Tensor:
    """Return log10 of the models' dispersions in km/s."""
    return torch.tensor([np.log10(model.dispersion) for model in models], dtype=torch.float64)
