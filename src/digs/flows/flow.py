"""Neural posterior estimation: sbi's conditional flow over features of the spectrum.

The flow learns the coordinates of digs.flows.coordinates given what digs.flows.features makes of the spectrum. The
files that it is kept in are those of digs.flows.network_files.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from digs.config.model import Architecture
from digs.config.theta import index
from digs.flows.coordinates import Marginal, RelativeMass
from digs.flows.estimator import build_estimator, log_prob
from digs.flows.fast.sampler import Transform, sampler
from digs.flows.features import DataVector, MassEdges, PrincipalComponents, residual_network
from digs.flows.information import score_directions
from digs.flows.mass_and_dust import MassAndDust
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.physics.spectra import level_and_shape

DRAWS_AT_ONCE = 20_000  # as many as stay in the cache


SPECTRA_AT_ONCE = 32  # a multiple of what vector instructions take at once


def padded(rows: Tensor) -> Tensor:
    """Return rows of spectra, or of what is made of them, with the last repeated up to SPECTRA_AT_ONCE.

    For rounding depends on how many are computed together.
    """
    return torch.cat([rows, rows[-1:].expand(SPECTRA_AT_ONCE - len(rows), -1)])


def copied(tensors: Iterable[Tensor]) -> list[Tensor]:
    """Return copies: how rounding goes may depend on the address in memory, too."""
    return [tensor.clone() for tensor in tensors]


_MASS = index("logmass")


class Flow(nn.Module):
    """q(theta | flux): sbi's estimator in the coordinates of digs.flows.coordinates, given features of the spectrum.

    Args:
        architecture: of the estimator.
        prior: the box that theta is confined to.
        pixels: of the spectra.
        example: theta, shape (N, 5), and noisy spectra, shape (N, pixels), to take the standardisation from; without
            them, weights must be loaded.
        conditional: of mass and dust, for an architecture that learns the other three parameters alone.
    Raises:
        ValueError: conditional is missing where the architecture asks for it, or there where it does not.

    Example:
        >>> import torch, digs
        >>> from digs.config import load_params
        >>> from digs.config.model import Architecture
        >>> from digs.flows import Flow
        >>> from digs.physics import Prior
        >>> prior, simulator = Prior.over(load_params().prior), digs.Simulator()
        >>> theta = prior.sample(100, torch.Generator().manual_seed(1))
        >>> flux = simulator(theta)
        >>> small = Architecture(density_estimator="zuko_nsf", num_bins=4, hidden_features=8, num_transforms=1)
        >>> flow = Flow(small, prior, simulator.pixels, (theta, flux))
        >>> flow.eval().requires_grad_(False).loss(theta, flux).shape  # untrained as it is
        torch.Size([100])
        >>> draws = flow.sampler()(torch.randn(100, 20, 5), flux)
        >>> flow.log_prob(draws, flux).shape
        torch.Size([100, 20])
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
        self.learned = len(prior.low) if conditional is None else len(conditional.rest)
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
        """Return what the estimator sees of spectra, shape (N, pixels): features of them, shape (N, features)."""
        features = self.data_vector(flux)
        if self.edges is not None:
            features = torch.cat([features, self.edges(flux)], -1)
        return self.embedding(features)

    def contexts(self, flux: Tensor) -> Tensor:
        """Return the same, to the bit the same for a spectrum in any company."""
        return torch.cat([self.context(padded(some))[: len(some)] for some in flux.split(SPECTRA_AT_ONCE)])

    def learned_loss(self, theta: Tensor, flux: Tensor) -> Tensor:
        """Return the part of the loss that depends on weights, shape (N,).

        Args:
            theta: inside the prior, shape (N, 5).
            flux: noisy spectra, shape (N, pixels).
        """
        return -log_prob(self.estimator, self._coordinates(theta, flux), self.context(flux))

    def loss(self, theta: Tensor, flux: Tensor) -> Tensor:
        """Return -ln q(z | flux) in the unbounded coordinates z of all five parameters, shape (N,).

        It compares any two flows over the same prior.

        Args:
            theta: as of learned_loss.
            flux: as of learned_loss.
        """
        log_jacobian = self.prior.log_jacobian(self.prior.to_unbounded(theta))
        return (self.learned_loss(theta, flux) - self._log_volume(theta, flux) + log_jacobian).to(flux)

    def log_prob(self, theta: Tensor, flux: Tensor) -> Tensor:
        """Return ln q(theta | flux) in physical theta, shape (N, draws); -inf outside the prior.

        Args:
            theta: shape (N, draws, 5).
            flux: shape (N, pixels).
        """
        inside = self.prior.contains(theta)
        # in the middle of the box where theta is outside, so that nothing there is infinite
        middle = self.prior.from_unit(theta.new_full((len(self.prior.low),), 0.5))
        theta = torch.where(inside[..., None], theta, middle).transpose(0, 1)
        log_q = log_prob(self.estimator, self._coordinates(theta, flux), self.context(flux))
        return torch.where(inside, (log_q + self._log_volume(theta, flux)).T, -torch.inf)

    def theta(self, y: Tensor, noise: Tensor, flux: Tensor) -> Tensor:
        """Return theta, shape (N, draws, 5), from the estimator's coordinates.

        Args:
            y: the estimator's coordinates, shape (N, draws, learned).
            noise: standard normal numbers for the parameters that are not learned, shape (N, draws, 5 - learned).
            flux: shape (N, pixels).
        """
        if self.marginal is not None:
            return self.marginal.inverse(y, noise, flux)
        if self.relative_mass is not None:
            y = self.relative_mass.inverse(y, level_and_shape(flux)[0][:, None])
        return self.prior.from_unbounded(y)

    def sampler(self) -> Transform:
        """Return the function that draws theta, with the weights that a flow without gradients has now.

        Its arguments are standard normal numbers, shape (N, draws, 5), and spectra, (N, pixels); theta has the
        shape of the numbers. How rounding goes depends on the size of what is computed together. So on a CPU galaxies
        are drawn for one at a time, and the draws of a galaxy are the same to the bit whatever the others are.
        """
        draw = sampler(self.estimator)

        def coordinates(noise: Tensor, context: Tensor) -> Tensor:
            if draw.same_in_any_company or noise.device.type != "cpu":
                return draw(noise, context)
            each = zip(noise.split(1), context.split(1), strict=False)
            return torch.cat([draw(*copied(one)) for one in each])

        def theta(y: Tensor, noise: Tensor, flux: Tensor) -> Tensor:
            if noise.device.type != "cpu":
                return self.theta(y, noise, flux)
            each = zip(y.split(1), noise.split(1), flux.split(1), strict=True)
            return torch.cat([self.theta(*copied(one)) for one in each])

        def some(noise: Tensor, flux: Tensor) -> Tensor:
            context = self.context(padded(flux))
            parts = []
            for part in noise.split(DRAWS_AT_ONCE, 1):
                y = coordinates(part[..., : self.learned], context)
                parts.append(theta(y, part[..., self.learned :], flux))
            return torch.cat(parts, 1)

        def transform(noise: Tensor, flux: Tensor) -> Tensor:
            together = zip(noise.split(SPECTRA_AT_ONCE), flux.split(SPECTRA_AT_ONCE), strict=True)
            return torch.cat([some(*each) for each in together])

        return transform


def build_flow(
    architecture: Architecture,
    prior: Prior,
    pixels: int,
    fraction: float,
    example: tuple[Tensor, Tensor] | None = None,
) -> Flow:
    """Return a flow with all that its architecture asks for.

    Args:
        architecture: as of Flow.
        prior: as of Flow.
        pixels: as of Flow.
        fraction: of the noise, in units of the model flux.
        example: as of Flow.
    Raises:
        DigsError: the SSP grid, which mass and dust in closed form need, is missing or has other pixels.

    Example:
        >>> from digs.config import load_params
        >>> from digs.flows import build_flow
        >>> from digs.physics import Prior
        >>> params = load_params()
        >>> architecture, prior = params.network("fiducial").architecture, Prior.over(params.prior)
        >>> flow = build_flow(architecture, prior, pixels=138, fraction=0.05)
        >>> flow.learned  # of five parameters: mass and dust come in closed form
        3
    """
    conditional = MassAndDust(Simulator(), prior, fraction) if architecture.marginal else None
    return Flow(architecture, prior, pixels, example, conditional)
