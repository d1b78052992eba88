"""Spectra of draws on the pixels of the galaxy that they are of, with the nuisances that go with them."""

import numpy as np
import torch

from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.expected_nuisance import expected_nuisance, nuisance_modes
from digs.inference.engine.galaxy_search import reachable_pixels
from digs.inference.engine.model_pixels import ModelPixels
from digs.inference.engine.model_space import ModelSpace
from digs.inference.engine.node_models import interpolated_spectra, node_models
from digs.observations.spectrum import Spectrum

_NODES = 5  # of the dispersion


def model_spectra(
    spectrum: Spectrum, theta: np.ndarray, settings: EngineSettings
) -> tuple[ModelPixels, np.ndarray, np.ndarray]:
    """Return the pixels that are compared, F_lambda of draws there and their nuisances, (draws, pixels) each.

    The nuisances are the likeliest given each draw: what calibration, error floor and lines add to it. They vary around
    the first one, which draws of one posterior are near to.

    Args:
        spectrum: of the galaxy.
        theta: draws, shape (draws, columns).
        settings: with which they were made.
    """
    pixels = reachable_pixels(spectrum, settings)
    columns = torch.as_tensor(theta, dtype=torch.float64)
    dispersion = None
    nodes = np.array([settings.dispersion])
    if settings.dispersion is None:
        columns, dispersion = columns[:, :-1], columns[:, -1].contiguous()
        low, high = dispersion.min().item(), dispersion.max().item()
        nodes = 10 ** np.linspace(low - 1e-3, high + 1e-3, _NODES)
    models = node_models(pixels.instrument, spectrum.redshift, nodes)
    space = ModelSpace.of(settings, spectrum.redshift)
    coefficients = space.coefficients.with_lines(models[0].lines)
    spectra = interpolated_spectra(models, coefficients, columns, dispersion)
    seen = np.isfinite(pixels.sigma)
    strong = space.moments.shapes + np.flatnonzero(space.moments.strong(models[0].lines))
    first = None if dispersion is None else dispersion[:1]
    modes = nuisance_modes(models, coefficients, columns[:1], first, strong, settings.nuisances, seen)
    added = np.zeros_like(spectra)
    residual = (pixels.flux - spectra)[:, seen]
    added[:, seen] = expected_nuisance(residual.T, pixels.sigma[seen], modes).T
    between, places = np.flatnonzero(~seen), np.flatnonzero(seen)
    added[:, between] = [np.interp(between, places, one[seen]) for one in added]
    return pixels, spectra, added
