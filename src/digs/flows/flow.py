"""Neural posterior estimation: sbi's conditional flow over features of the spectrum, and the files it is kept in.

A network is two files, NAME.safetensors (weights) and NAME.json (all that is needed to build it, and its history).
The flow learns the coordinates of digs.coordinates given what digs.features makes of the spectrum.
"""

import torch
from torch import Tensor, nn

from digs.config.model import Architecture
from digs.config.theta import NAMES, REST, index
from digs.flows.coordinates import Marginal, RelativeMass
from digs.flows.estimator import build_estimator, log_prob
from digs.flows.fast.sampler import Sampler, sampler
from digs.flows.features import DataVector, MassEdges, PrincipalComponents, residual_network
from digs.flows.information import score_directions
from digs.flows.mass_and_dust import MassAndDust
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.physics.spectra import level_and_shape

DRAWS_AT_ONCE = 20_000  # as many as stay in the cache


_MASS = index("logmass")


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
    conditional = MassAndDust(Simulator(), prior, fraction) if architecture.marginal else None
    return Flow(architecture, prior, pixels, example, conditional)
