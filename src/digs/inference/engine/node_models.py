"""The models of a galaxy at a few dispersions, and its spectra at those between."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import torch
from astropy import constants
from torch import Tensor

from digs.inference.engine.spread_shapes import lines_in_pixels, shapes_in_pixels
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
    return tuple(_alike([_model(instrument, redshift, float(each)) for each in dispersions]))


def _model(instrument: Instrument, redshift: float, dispersion: float) -> LinearModel:
    if dispersion == 0.0:  # lines are then as wide as FSPS makes them
        return LinearModel.of(instrument, redshift)
    populations = stored_populations().product
    native, edges = populations["wavelength"], instrument.edges / (1 + redshift)
    rest = instrument.rest_wavelength(redshift)
    own = np.interp(rest, native, np.abs(populations["resolution"]))
    squared = np.full(instrument.pixels, dispersion**2)
    if instrument.sigma_kms is not None:
        squared = squared + instrument.sigma_kms**2
    elif instrument.resolution is not None:
        squared = squared + (_C_KMS / (instrument.resolution * _FWHM)) ** 2
    added = squared if instrument.sigma_kms is not None else squared - own**2
    shapes = shapes_in_pixels(native, _shapes(), edges, np.sqrt(added.clip(min=0.0)) / _C_KMS)
    lines = lines_in_pixels(populations["line_wavelength"], edges, np.sqrt(squared) / _C_KMS)
    if instrument.matrix is not None:
        shapes, lines = instrument.matrix @ shapes, instrument.matrix @ lines
    seen = np.flatnonzero(lines.max(0) > _UNSEEN)
    matrix = np.concatenate([shapes, lines[:, seen]], 1) * dimming(redshift)
    return LinearModel(redshift, dispersion, rest, matrix, seen, populations["line_wavelength"][seen], added < 0)


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
    share = node_shares(log_nodes(models), log_dispersion)
    return sum(share[:, [k]] * (amounts @ torch.as_tensor(each.matrix).T) for k, each in enumerate(models)).numpy()


def node_shares(nodes: Tensor, values: Tensor) -> Tensor:
    """Return the shares of nodes in the polynomial through all of them, shape (N, nodes).

    Args:
        nodes: shape (nodes,).
        values: shape (N,).

    Example:
        >>> import torch
        >>> from digs.inference.engine.node_models import node_shares
        >>> nodes = torch.tensor([0.0, 1.0, 3.0]).double()
        >>> (node_shares(nodes, torch.tensor([2.0]).double()) @ nodes**2).item()
        4.0
    """
    shares = torch.ones(len(values), len(nodes), dtype=torch.float64)
    for one in range(len(nodes)):
        for other in range(len(nodes)):
            if one != other:
                shares[:, one] *= (values - nodes[other]) / (nodes[one] - nodes[other])
    return shares


def even_nodes(low: float, high: float, number: int) -> np.ndarray:
    """Return nodes between two ends, which are nodes, so that a polynomial through all of them does not swing.

    They are those of Chebyshev and Lobatto, ascending.
    """
    return (low + high) / 2 - (high - low) / 2 * np.cos(np.pi * np.arange(number) / (number - 1))


def log_nodes(models: Sequence[LinearModel]) -> Tensor:
    """Return log10 of the models' dispersions in km/s."""
    return torch.tensor([np.log10(model.dispersion) for model in models], dtype=torch.float64)


def _alike(models: list[LinearModel]) -> list[LinearModel]:
    """The models with the lines that all of them see."""
    common = sorted(set.intersection(*(set(model.lines.tolist()) for model in models)))
    found = []
    for model in models:
        shapes = model.matrix.shape[1] - len(model.lines)
        kept = np.flatnonzero(np.isin(model.lines, common))
        matrix = np.concatenate([model.matrix[:, :shapes], model.matrix[:, shapes + kept]], 1)
        lines = model.lines[kept]
        found.append(replace(model, matrix=matrix, lines=lines, line_wavelength=model.line_wavelength[kept]))
    return found
