"""Posteriors of galaxies by a trained network."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from digs.base.errors import DigsError
from digs.config.theta import NAMES, parameters
from digs.flows.flow import DRAWS_AT_ONCE, Flow
from digs.flows.network_files import NETWORKS, NetworkRecord, load_flow, load_record
from digs.physics.spectra import check_flux

FIDUCIAL = "fiducial"  # the network whose prior the public PARAMETERS have


class Posterior:
    """The posterior of galaxies, amortised: q(theta | flux) of a trained network.

    Spectra are F_lambda in erg/s/cm^2/Angstrom, shape (N, pixels), on `wavelength` (Angstrom).
    """

    def __init__(self, flow: Flow, record: NetworkRecord):
        self.flow = flow
        self.record = record
        self._transform = flow.sampler()

    @classmethod
    def load(cls, name: str, device: str = "cpu", folder: Path = NETWORKS) -> "Posterior":
        """A network by its name, for instance 'paper'.

        Raises:
            DigsError: there is no such network, or its files are damaged.
        """
        flow, record = load_flow(name, folder)
        return cls(flow.to(device), record)

    @property
    def wavelength(self) -> np.ndarray:
        return np.array(self.record.wavelength)

    def _observed(self, flux: Tensor | np.ndarray) -> Tensor:
        array = flux.detach().cpu().numpy() if isinstance(flux, Tensor) else flux
        checked = check_flux(array, len(self.record.wavelength))
        return torch.as_tensor(checked).to(self.flow.data_vector.mean)

    @torch.no_grad()
    def sample(self, flux: Tensor | np.ndarray, draws: int, seed: int) -> Tensor:
        """Independent draws of theta, shape (N, draws, 5). The same seed gives the same draws.

        Raises:
            DigsError: flux has the wrong number of pixels, or values that are not finite or not positive.
        """
        flux = self._observed(flux)
        generator = torch.Generator().manual_seed(seed)
        return self._transform(torch.randn(len(flux), draws, len(NAMES), generator=generator).to(flux), flux)

    @torch.no_grad()
    def log_prob(self, theta: Tensor | np.ndarray, flux: Tensor | np.ndarray) -> Tensor:
        """ln q(theta | flux), the density in physical theta; -inf outside the prior.

        Args:
            theta: shape (N, draws, 5).
            flux: shape (N, pixels).
        Returns:
            shape (N, draws).
        Raises:
            DigsError: as sample, or theta's shape does not match.
        """
        flux = self._observed(flux)
        theta = torch.as_tensor(theta).to(flux.device)
        if theta.ndim != 3 or theta.shape[::2] != (len(flux), len(NAMES)):
            raise DigsError(f"theta has shape {tuple(theta.shape)}, not ({len(flux)}, draws, {len(NAMES)}).")
        chunk = max(1, DRAWS_AT_ONCE // max(theta.shape[1], 1))
        parts = zip(theta.split(chunk), flux.split(chunk), strict=True)
        return torch.cat([self.flow.log_prob(*part) for part in parts])


def __getattr__(name: str) -> Any:
    # on demand: it is read from a file
    if name == "PARAMETERS":
        return parameters(load_record(FIDUCIAL).prior)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
