"""Spectra of draws on the pixels of the galaxy that they are of."""

import numpy as np
import torch

from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.galaxy_search import reachable_pixels
from digs.inference.engine.model_pixels import ModelPixels
from digs.inference.engine.model_space import ModelSpace
from digs.inference.engine.node_models import alike, interpolated_spectra
from digs.observations.spectrum import Spectrum
from digs.physics.linear.linear_model import LinearModel

_NODES = 5  # of the dispersion


def model_spectra(spectrum: Spectrum, theta: np.ndarray, settings: EngineSettings) -> tuple[ModelPixels, np.ndarray]:
    """Return the pixels that are compared, and the model's F_lambda there, shape (draws, pixels).

    Args:
        spectrum: of the galaxy.
        theta: draws, shape (draws, columns).
        settings: with which they were made.
    """
    pixels = reachable_pixels(spectrum, settings)
    columns = torch.as_tensor(theta, dtype=torch.float64)
    dispersion = None
    if settings.dispersion is None:
        columns, dispersion = columns[:, :-1], columns[:, -1].contiguous()
        low, high = dispersion.min().item(), dispersion.max().item()
        nodes = 10 ** np.linspace(low - 1e-3, high + 1e-3, _NODES)
    else:
        nodes = np.array([settings.dispersion])
    models = alike([LinearModel.of(pixels.instrument, spectrum.redshift, float(node)) for node in nodes])
    coefficients = ModelSpace.of(settings, spectrum.redshift).coefficients.with_lines(models[0].lines)
    return pixels, interpolated_spectra(models, coefficients, columns, dispersion)
