"""Observational noise: independent Gaussian in flux, its standard deviation a fraction of the model flux."""

import torch
from torch import Tensor

FRACTION = 0.05  # of Khullar et al. (2022)
FLOOR = 1e-3  # of the model flux; at 5% noise it is 20 sigma away and never met


def add_noise(flux: Tensor, generator: torch.Generator | None = None, fraction: float = FRACTION) -> Tensor:
    """Noisy spectra.

    Args:
        flux: model F_lambda, shape (..., pixels).
        generator: source of the random numbers, on the device of flux.
        fraction: standard deviation in units of the flux.
    Returns:
        flux (1 + fraction g) with standard normal g, at least FLOOR of the model flux: logarithms stay finite.
    """
    unit = torch.randn(flux.shape, generator=generator, dtype=flux.dtype, device=flux.device)
    return with_noise(flux, unit, fraction)


def with_noise(flux: Tensor, unit: Tensor, fraction: float) -> Tensor:
    """Noisy spectra as of add_noise, from standard normal numbers of their shape."""
    return flux * (1 + fraction * unit).clamp_min(FLOOR)
