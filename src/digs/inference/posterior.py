"""Posteriors of galaxies by a trained network."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from digs.base import inputs
from digs.base.errors import DigsError
from digs.base.random_streams import galaxy_keys, normal_numbers
from digs.base.torch_state import building, calculating
from digs.config.theta import NAMES, parameters
from digs.flows.flow import DRAWS_AT_ONCE, Flow
from digs.flows.network_files import NETWORKS, NetworkRecord, load_flow, load_record
from digs.physics.spectra import check_flux

FIDUCIAL = "fiducial"  # the network whose prior the public PARAMETERS have


class NoPosteriorError(DigsError):
    """The network has no posterior for some galaxies, whose `rows` these are."""

    def __init__(self, message: str, rows: Sequence[int] = ()):
        super().__init__(message)
        self.rows = list(rows)


class Posterior:
    """The posterior of galaxies, amortised: q(theta | flux) of a trained network (Khullar et al. 2022).

    Spectra are F_lambda on the pixels of `wavelength`, shape (N, pixels), or (pixels,) for one galaxy. They may be
    tensors, arrays of any type and byte order, lists, data frames; numbers without a unit are taken to be in
    erg/s/cm^2/Angstrom, and astropy quantities (as well as other arrays that name their unit) are converted. theta is
    ordered as digs.PARAMETERS. Posteriors can be pickled and sent to other processes.

    Example:
        >>> import digs
        >>> posterior = digs.Posterior.load("fiducial")
        >>> flux = digs.Simulator()([[10.5, -0.4, 0.6, 1.6, -0.9]])
        >>> draws = posterior.sample(flux, draws=100, seed=1)
        >>> draws.shape
        torch.Size([1, 100, 5])
        >>> posterior.log_prob(draws, flux).shape
        torch.Size([1, 100])
    """

    def __init__(self, flow: Flow, record: NetworkRecord):
        self.flow = flow
        self.record = record
        with building():
            self._transform = flow.sampler()

    def __getstate__(self) -> tuple[Flow, NetworkRecord]:
        return self.flow, self.record

    def __setstate__(self, state: tuple[Flow, NetworkRecord]) -> None:
        self.__init__(*state)  # the sampler is compiled code, which stays behind

    @classmethod
    def load(cls, name: str, device: str | torch.device = "cpu", folder: Path | str = NETWORKS) -> "Posterior":
        """Load a network by its name.

        Args:
            name: for instance "fiducial", or "paper", the network of Khullar et al. (2022).
            device: where it computes, for instance "cuda".
            folder: where its two files are, NAME.json and NAME.safetensors.
        Raises:
            DigsError: there is no such network or device, or the network's files are damaged.

        Example:
            >>> import digs
            >>> digs.Posterior.load("paper").record.architecture.density_estimator
            'maf'
        """
        try:
            torch.zeros(1, device=device).item()
        except (AssertionError, NotImplementedError, RuntimeError, TypeError):  # torch is not of one mind here
            raise DigsError(f"torch cannot compute on the device '{device}' here; choose 'cpu' instead.") from None
        flow, record = load_flow(name, folder)
        return cls(flow.to(device), record)

    @property
    def wavelength(self) -> np.ndarray:
        """Return the wavelengths of the pixels in Angstrom, in vacuum and in the rest frame, shape (pixels,)."""
        return np.array(self.record.wavelength)

    def _observed(self, flux: Any) -> Tensor:
        checked = check_flux(flux, self.wavelength)
        return torch.from_numpy(checked).to(self.flow.data_vector.mean)

    @calculating
    def sample(self, flux: Any, draws: int, seed: int, ids: Sequence[int | str] | None = None) -> Tensor:
        """Draw independently from the posteriors.

        The draws of a galaxy depend on the seed and the galaxy alone: to the bit on the same CPU, number of threads and
        draws, in whatever batch and order. Galaxies with the same data get the same draws, unless their ids differ.

        Args:
            flux: F_lambda of N galaxies, shape (N, pixels) or (pixels,).
            draws: how many of each posterior, 1 or more.
            seed: from 0 to 2^63 - 1; the same one gives the same draws, whatever torch's own seed and default type.
            ids: of the galaxies, N whole numbers or strings, which their random numbers depend on instead of the data.
        Returns:
            theta, shape (N, draws, 5), float64, on the network's device.
        Raises:
            DigsError: draws or seed is no such number, or ids are not such; flux has the wrong shape, a unit that
                cannot be converted, or values that are masked, not finite or not positive.
            NoPosteriorError: (a DigsError) spectra are so far from all of the model that the network has no posterior
                for them; its `rows` says which.

        Example:
            >>> import digs
            >>> posterior = digs.Posterior.load("fiducial")
            >>> flux = digs.Simulator()([[10.5, -0.4, 0.6, 1.6, -0.9]])
            >>> mass = posterior.sample(flux, draws=1000, seed=1)[0, :, 0]
            >>> round(mass.median().item(), 1)
            10.5
        """
        draws, seed = inputs.draws_wanted(draws), inputs.seed(seed)
        flux = self._observed(flux)
        keys = self.keys(flux, ids)
        if not len(flux):
            return torch.empty(0, draws, len(NAMES), dtype=torch.float64, device=flux.device)
        noise = torch.from_numpy(normal_numbers(seed, "draws", keys, draws, len(NAMES)))
        theta = self._transform(noise.to(flux), flux)
        _check_all_there(theta.isfinite().all(-1))
        return theta

    @staticmethod
    def keys(flux: Tensor, ids: Sequence[int | str] | None = None) -> list[bytes]:
        """Return what tells the streams of galaxies apart, as of galaxy_keys, by their checked spectra or their ids."""
        return galaxy_keys(flux.cpu().numpy().astype(np.float32), ids)

    @calculating
    def log_prob(self, theta: Any, flux: Any) -> Tensor:
        """Return ln q(theta | flux), the density in physical theta, shape (N, draws); -inf outside the prior.

        Args:
            theta: shape (N, draws, 5), in the units of digs.PARAMETERS.
            flux: shape (N, pixels), as in sample.
        Raises:
            DigsError: as sample; or theta has another shape, a unit, or values that are no numbers.
        """
        flux = self._observed(flux)
        theta = inputs.read_tensor(theta, "The values of theta").to(flux.device)
        if theta.ndim != 3 or theta.shape[::2] != (len(flux), len(NAMES)):
            raise DigsError(f"theta has shape {tuple(theta.shape)}, not ({len(flux)}, draws, {len(NAMES)}).")
        if theta.isnan().any():
            raise DigsError(f"theta of {inputs.named(_rows(theta.isnan()))} is nan; hand in numbers.")
        if not theta.numel():
            return torch.empty(theta.shape[:2], dtype=torch.float64, device=flux.device)
        chunk = max(1, DRAWS_AT_ONCE // theta.shape[1])
        parts = zip(theta.split(chunk), flux.split(chunk), strict=True)
        log_prob = torch.cat([self.flow.log_prob(*part) for part in parts])
        _check_all_there(~log_prob.isnan())
        return log_prob


def _rows(where: Tensor) -> list[int]:
    """The galaxies, on the first axis, where anything holds."""
    return where.flatten(1).any(1).nonzero()[:, 0].tolist()


def _check_all_there(there: Tensor) -> None:
    if not there.all():
        rows = _rows(~there)
        raise NoPosteriorError(
            f"The network has no posterior for {inputs.named(rows)}, as no spectrum of the model is anything like it; "
            "look for bad pixels and wrong units, or use digs.infer, which sets such galaxies apart.",
            rows,
        )


def __getattr__(name: str) -> Any:
    # on demand: it is read from a file
    if name == "PARAMETERS":
        return parameters(load_record(FIDUCIAL).prior)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
