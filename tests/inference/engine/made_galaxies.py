"""Small made spectra, quick to infer: few pixels, the dispersion known or not."""

import numpy as np
import torch

import digs
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.model_space import ModelSpace
from digs.physics.instrument import Instrument
from digs.physics.linear.linear_model import LinearModel

WAVELENGTH = np.geomspace(3900, 6900, 250)
SIGMA_KMS, DISPERSION = 150.0, 120.0
QUICK = EngineSettings(dispersion=DISPERSION, bank=2000, effective=60, calls=3000, walk=0)
TRUTH = [10.5, -0.3, 0.5, 5.0, 0.3, -0.2, -2.8]


def made_spectrum(
    number: int = 0, noise: float = 0.1, redshift: float = 0.06, theta: list[float] | None = None
) -> digs.Spectrum:
    """Return a spectrum with noise of a share of its median flux, and of its own for each number."""
    space = ModelSpace.of(QUICK, redshift)
    model = LinearModel.of(Instrument(WAVELENGTH, sigma_kms=SIGMA_KMS), redshift, DISPERSION)
    theta = torch.tensor([TRUTH if theta is None else theta], dtype=torch.float64)
    flux = model.flux(space.coefficients.with_lines(model.lines), theta)[0].numpy()
    sigma = np.full_like(flux, noise * np.median(flux))
    noisy = flux + sigma * np.random.default_rng(number).standard_normal(len(flux))
    return digs.Spectrum(WAVELENGTH, noisy, sigma, redshift=redshift, sigma_kms=SIGMA_KMS, name=f"made {number}")
