"""A made spectrum whose dispersion is not known, and its errors as other codes take them."""

import numpy as np
import torch

import digs
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.model_space import ModelSpace
from digs.inference.other_codes.observed_galaxy import ObservedGalaxy, observed_galaxy
from digs.physics.instrument import Instrument
from digs.physics.linear.linear_model import LinearModel

WAVELENGTH = np.geomspace(4000, 6000, 1600)  # 76 km/s, as pPXF wants two pixels in a line-spread function or more
REDSHIFT, RESOLUTION, DISPERSION = 0.06, 1500.0, 150.0
THETA = np.array([[10.5, -0.3, 0.5, 8.0, 0.2, -0.2, -2.8, np.log10(DISPERSION)]])
SETTINGS = EngineSettings(bank=2000, effective=60, walk=0, network=False)


def made_spectrum(noise: float = 0.03, mask: np.ndarray | None = None) -> digs.Spectrum:
    """Return the spectrum of THETA, with noise of a share of its median."""
    space = ModelSpace.of(SETTINGS, REDSHIFT)
    model = LinearModel.of(Instrument(WAVELENGTH, resolution=RESOLUTION), REDSHIFT, DISPERSION)
    columns = torch.as_tensor(THETA[:, :-1])
    flux = model.flux(space.coefficients.with_lines(model.lines), columns)[0].numpy()
    sigma = np.full_like(flux, noise * np.median(flux))
    noisy = flux + sigma * np.random.default_rng(3).standard_normal(len(flux))
    return digs.Spectrum(WAVELENGTH, noisy, sigma, mask, redshift=REDSHIFT, resolution=RESOLUTION, name="made")


def made_galaxy(noise: float = 0.03, mask: np.ndarray | None = None) -> tuple[ObservedGalaxy, np.ndarray]:
    """Return the same as other codes take it, and the model's spectrum of THETA, shape (pixels,)."""
    galaxy, spectra = observed_galaxy(made_spectrum(noise, mask), THETA, SETTINGS)
    return galaxy, spectra[0]
