"""Observational noise: independent Gaussian in flux, its standard deviation a fraction of the model flux."""

from typing import Any

import torch
from torch import Tensor

from digs.base.errors import DigsError
from digs.base.inputs import read_array, real_number

FRACTION = 0.05  # of Khullar et al. (2022)
FLOOR = 1e-3  # of the model flux; at 5% noise it is 20 sigma away and never met


def add_noise(flux: Any, generator: torch.Generator | None = None, fraction: float = FRACTION) -> Any:
    """Return noisy spectra, flux (1 + fraction g) with standard normal g (Khullar et al. 2022, section 3.4).

    They are FLOOR of the model flux at least, so that logarithms stay finite.

    Args:
        flux: model fluxes in any unit, shape (..., pixels): a tensor, array, list or astropy quantity.
        generator: source of the random numbers, on the device of flux; by default torch's global one, which
            torch.manual_seed sets.
        fraction: standard deviation in units of the flux, 0 or more.
    Returns:
        of the shape of flux: a tensor for a tensor, with its gradients; an astropy quantity for what has a unit; else
        an array.
    Raises:
        DigsError: flux does not hold real numbers or has masked values; fraction is no such number; generator is none.

    Example:
        >>> import digs, torch
        >>> noisy = digs.add_noise([1.0, 2.0, 3.0], torch.Generator().manual_seed(1), fraction=0.05)
        >>> bool(abs(noisy / [1.0, 2.0, 3.0] - 1).max() < 0.2)
        True
    """
    fraction = real_number(fraction, "The noise's fraction of the flux", 0.0)
    if not (generator is None or isinstance(generator, torch.Generator)):
        raise DigsError("The source of random numbers is no torch.Generator; make one, or leave it out.")
    device = flux.device.type if isinstance(flux, Tensor) else "cpu"
    if generator is not None and generator.device.type != device:
        raise DigsError(f"The generator is on '{generator.device}', the fluxes on '{device}'; make both the same.")
    if isinstance(flux, Tensor) and flux.is_floating_point():
        unit = torch.randn(flux.shape, generator=generator, dtype=flux.dtype, device=flux.device)
        return with_noise(flux, unit, fraction)
    given = read_array(flux, "The fluxes")
    if given.masked.any():
        raise DigsError("The fluxes have masked pixels; hand in those alone that hold.")
    if any(name in str(given.unit) for name in ("mag", "dex", "dB")):
        raise DigsError(f"The fluxes have the logarithmic unit '{given.unit}'; convert them to a linear one.")
    noisy = add_noise(torch.from_numpy(given.values), generator, fraction)
    if isinstance(flux, Tensor):
        return noisy.to(flux.device)
    return noisy.numpy() if given.unit is None else noisy.numpy() * given.unit


def with_noise(flux: Tensor, unit: Tensor, fraction: float) -> Tensor:
    """Return noisy spectra as of add_noise, from standard normal numbers of their shape."""
    return flux * (1 + fraction * unit).clamp_min(FLOOR)
