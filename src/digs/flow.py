"""Neural posterior estimation: sbi's conditional flow over features of the spectrum, and the files it is kept in.

A network is two files, NAME.safetensors (weights) and NAME.json (all that is needed to build it, and its history).
The flow learns the coordinates of digs.coordinates given what digs.features makes of the spectrum.
"""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from digs import paths
from digs.artifacts import existing, read_json, read_product, replacing, write_json
from digs.conditional import REST, MassAndDust
from digs.coordinates import Marginal, RelativeMass
from digs.errors import DigsError
from digs.estimator import build_estimator, log_prob
from digs.features import DataVector, MassEdges, PrincipalComponents, level_and_shape, residual_network
from digs.priors import NAMES, Prior, index
from digs.products import SSP_GRID
from digs.sampler import Sampler, sampler
from digs.scores import score_directions
from digs.settings import Architecture
from digs.simulator import SSP_GRID_FILE, default_simulator
from digs.spectra import check_flux

NETWORKS = paths.DATA / "networks"
FORMAT = "digs/network/1"
DRAWS_AT_ONCE = 20_000  # as many as stay in the cache
_MASS = index("logmass")


class NetworkRecord(BaseModel):
    """The contents of NAME.json."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    format: str
    name: str
    architecture: Architecture
    prior_low: list[float]
    prior_high: list[float]
    wavelength: list[float]
    noise_fraction: float
    weights_sha256: str
    training: dict[str, Any]
    provenance: dict[str, Any]


class Flow(nn.Module):
    """q(theta | flux): features of the spectrum and sbi's estimator in the coordinates of digs.coordinates.

    Args:
        architecture: of the estimator.
        prior: the box that theta is confined to.
        pixels: of the spectra.
        example: noisy spectra and theta to take the standardisation from; without them, weights must be loaded.
        conditional: of mass and dust, for an architecture that learns the other three parameters alone.
    Raises:
        ValueError: conditional is missing where the architecture asks for it, or there where it does not.
    """

    def __init__(
        self,
        architecture: Architecture,
        prior: Prior,
        pixels: int,
        example: tuple[Tensor, Tensor] | None = None,
        conditional: MassAndDust | None = None,
    ):
        super().__init__()
        if architecture.marginal != (conditional is not None):
            raise ValueError(f"conditional is {conditional} for an architecture with marginal={architecture.marginal}")
        self.prior = prior
        if architecture.components is None:
            self.data_vector = DataVector(pixels)
        else:
            self.data_vector = PrincipalComponents(pixels, architecture.components)
        self.relative_mass = RelativeMass(prior) if architecture.relative_mass else None
        self.marginal = None if conditional is None else Marginal(conditional)
        mass = prior.low[_MASS].item(), prior.high[_MASS].item()
        self.edges = MassEdges(*mass) if architecture.mass_edges else None
        self.learned = len(NAMES) if conditional is None else len(REST)
        self.embedding, context_size = nn.Identity(), self.data_vector.size + 2 * architecture.mass_edges
        if architecture.embedding is not None:
            self.embedding = residual_network(context_size, architecture.embedding)
            context_size = architecture.embedding.features
        if example is None:
            y = torch.randn(2, self.learned)
        else:
            theta, flux = example
            if architecture.scores:
                directions = score_directions(conditional.simulator, prior, theta, conditional.fraction)
                self.data_vector.fit(flux, directions[:, : architecture.components])
            else:
                self.data_vector.fit(flux)
            if self.relative_mass is not None:
                self.relative_mass.fit(theta, level_and_shape(flux)[0])
            if self.edges is not None:
                self.edges.fit(theta[:, _MASS], flux)
            y = self._coordinates(theta, flux)
        self.estimator = build_estimator(architecture, y, torch.zeros(len(y), context_size))

    def _coordinates(self, theta: Tensor, flux: Tensor) -> Tensor:
        """What the estimator learns, shape (..., N, learned), of theta, shape (..., N, 5)."""
        if self.marginal is not None:
            return self.marginal(theta).to(flux)
        z = self.prior.to_unbounded(theta).to(flux)
        return z if self.relative_mass is None else self.relative_mass(z, level_and_shape(flux)[0])[0]

    def _log_volume(self, theta: Tensor, flux: Tensor) -> Tensor:
        """The log of what the estimator's density is multiplied by to be that of theta, shape (..., N), float64."""
        if self.marginal is not None:
            return self.marginal.log_volume(theta, flux)
        z = self.prior.to_unbounded(theta)
        log_volume = self.prior.log_jacobian(z)
        if self.relative_mass is not None:
            log_volume = log_volume + self.relative_mass(z.to(flux), level_and_shape(flux)[0])[1]
        return log_volume

    def context(self, flux: Tensor) -> Tensor:
        """What the estimator sees of spectra of shape (N, pixels)."""
        features = self.data_vector(flux)
        if self.edges is not None:
            features = torch.cat([features, self.edges(flux)], -1)
        return self.embedding(features)

    def learned_loss(self, theta: Tensor, flux: Tensor) -> Tensor:
        """The part of the loss that depends on weights, of pairs, shapes (N, 5) and (N, pixels); shape (N,)."""
        return -log_prob(self.estimator, self._coordinates(theta, flux), self.context(flux))

    def loss(self, theta: Tensor, flux: Tensor) -> Tensor:
        """-ln q(z | flux) in the unbounded coordinates z of all five parameters; arguments as of learned_loss.

        It compares any two flows over the same prior.
        """
        log_jacobian = self.prior.log_jacobian(self.prior.to_unbounded(theta))
        return (self.learned_loss(theta, flux) - self._log_volume(theta, flux) + log_jacobian).to(flux)

    def log_prob(self, theta: Tensor, flux: Tensor) -> Tensor:
        """ln q(theta | flux) in physical theta, shapes (N, draws, 5) and (N, pixels); shape (N, draws)."""
        inside = self.prior.contains(theta)
        # in the middle of the box where theta is outside, so that nothing there is infinite
        middle = self.prior.from_unit(theta.new_full((len(NAMES),), 0.5))
        theta = torch.where(inside[..., None], theta, middle).transpose(0, 1)
        log_q = log_prob(self.estimator, self._coordinates(theta, flux), self.context(flux))
        return torch.where(inside, (log_q + self._log_volume(theta, flux)).T, -torch.inf)

    def theta(self, y: Tensor, noise: Tensor, flux: Tensor) -> Tensor:
        """theta, shape (N, draws, 5), of the estimator's coordinates, (N, draws, learned), and spectra, (N, pixels).

        Args:
            noise: standard normal numbers for the parameters that are not learned, shape (N, draws, 5 - learned).
        """
        if self.marginal is not None:
            return self.marginal.inverse(y, noise, flux)
        if self.relative_mass is not None:
            y = self.relative_mass.inverse(y, level_and_shape(flux)[0][:, None])
        return self.prior.from_unbounded(y)

    def sampler(self) -> Sampler:
        """What makes theta, shape (N, draws, 5), of standard normal numbers of that shape and spectra, (N, pixels).

        It has the weights that the flow has now.
        """
        draw = sampler(self.estimator)

        def some(noise: Tensor, flux: Tensor) -> Tensor:
            y = draw(noise[..., : self.learned], self.context(flux))
            return self.theta(y, noise[..., self.learned :], flux)

        def transform(noise: Tensor, flux: Tensor) -> Tensor:
            galaxies = max(1, DRAWS_AT_ONCE // max(noise.shape[1], 1))
            parts = zip(noise.split(galaxies), flux.split(galaxies), strict=True)
            return torch.cat(
                [torch.cat([some(each, of) for each in part.split(DRAWS_AT_ONCE, 1)], 1) for part, of in parts]
            )

        return transform


def build_flow(
    architecture: Architecture,
    prior: Prior,
    pixels: int,
    fraction: float,
    example: tuple[Tensor, Tensor] | None = None,
) -> Flow:
    """A flow with all that its architecture asks for; arguments as of Flow, and the noise's fraction.

    Raises:
        DigsError: the SSP grid, which mass and dust in closed form need, is missing or has other pixels.
    """
    conditional = MassAndDust(default_simulator(), prior, fraction) if architecture.marginal else None
    return Flow(architecture, prior, pixels, example, conditional)


def save_network(folder: Path, name: str, flow: Flow, **record: Any) -> None:
    """Write the two files of a network.

    Args:
        record: the fields of NetworkRecord that the flow does not know.
    """
    with replacing(folder / f"{name}.safetensors") as temporary:
        save_file({key: value.contiguous() for key, value in flow.state_dict().items()}, temporary)
        digest = hashlib.sha256(temporary.read_bytes()).hexdigest()
    content = NetworkRecord(
        format=FORMAT,
        name=name,
        prior_low=flow.prior.low.tolist(),
        prior_high=flow.prior.high.tolist(),
        weights_sha256=digest,
        **record,
    )
    write_json(folder / f"{name}.json", content.model_dump())


def load_record(name: str, folder: Path = NETWORKS) -> NetworkRecord:
    """The description of a network.

    Raises:
        DigsError: no such network, or its file is damaged.
    """
    path = folder / f"{name}.json"
    if not path.is_file():
        known = sorted(file.stem for file in folder.glob("*.json"))
        choice = f"choose from: {', '.join(known)}" if known else "fetch them with `dvc pull`"
        raise DigsError(f"There is no network '{name}' in {paths.shown(folder)}; {choice}.")
    try:
        record = NetworkRecord(**read_json(path))
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise DigsError(f"{paths.shown(path)} is damaged at '{where}'; fetch it again with `dvc checkout`.") from None
    if record.format != FORMAT:
        raise DigsError(f"{paths.shown(path)} is of format '{record.format}', not '{FORMAT}'; retrain the network.")
    return record


def _check_populations(record: NetworkRecord) -> None:
    """That the SSP grid is the one that a network with mass and dust in closed form was trained with."""
    trained_with = record.provenance.get("sps_fingerprint")
    if not record.architecture.marginal:
        return
    if trained_with != read_product(SSP_GRID_FILE, SSP_GRID).attributes["sps_fingerprint"]:
        raise DigsError(
            f"Network '{record.name}' was trained with other SPS data than {paths.shown(SSP_GRID_FILE)} is made from; "
            f"train it again with `dvc repro flow_{record.name}`."
        )


def load_flow(name: str, folder: Path = NETWORKS) -> tuple[Flow, NetworkRecord]:
    """A trained network and its description.

    Raises:
        DigsError: no such network, one of its files is missing or damaged, or it belongs to another SSP grid.
    """
    record = load_record(name, folder)
    _check_populations(record)
    path = folder / f"{name}.safetensors"
    shown, remedy = paths.shown(path), "fetch it again with `dvc checkout` or `dvc pull`"
    if hashlib.sha256(existing(path).read_bytes()).hexdigest() != record.weights_sha256:
        raise DigsError(f"{shown} is damaged or not the weights that {name}.json describes; {remedy}.")
    try:
        prior = Prior(record.prior_low, record.prior_high)
        flow = build_flow(record.architecture, prior, len(record.wavelength), record.noise_fraction)
        flow.load_state_dict(load_file(path))
    except NotImplementedError:
        estimator = record.architecture.density_estimator
        raise DigsError(f"{name}.json asks for the unknown density estimator '{estimator}'; {remedy}.") from None
    except (SafetensorError, RuntimeError):
        raise DigsError(f"{shown} does not fit the architecture in {name}.json; {remedy}.") from None
    return flow.eval().requires_grad_(False), record


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
