"""What the flow sees of a spectrum: linear maps of the log fluxes, and a residual network behind them.

The mean of log10 F_lambda over pixels, the level, is kept apart: it spans the five decades of the mass prior and would
drown the rest, the shape.
"""

import torch
from torch import Tensor, nn

from digs.config.model import Embedding
from digs.physics.spectra import level_and_shape


class DataVector(nn.Module):
    """Level and shape, standardised pixel by pixel."""

    def __init__(self, pixels: int):
        super().__init__()
        self.register_buffer("mean", torch.zeros(pixels + 1))
        self.register_buffer("std", torch.ones(pixels + 1))

    @property
    def size(self) -> int:
        """Return the number of features."""
        return len(self.mean)

    def fit(self, flux: Tensor) -> None:
        """Take mean and standard deviation from spectra, shape (N, pixels)."""
        features = torch.cat(level_and_shape(flux), -1)
        self.mean.copy_(features.mean(0))
        self.std.copy_(features.std(0))

    def forward(self, flux: Tensor) -> Tensor:
        """Return features, shape (N, pixels + 1), of F_lambda, shape (N, pixels)."""
        return (torch.cat(level_and_shape(flux), -1) - self.mean) / self.std


class PrincipalComponents(nn.Module):
    """The standardised level and the first principal components of the shape, half whitened.

    A component of variance v, in units of the noise's, has standard deviation v^(1/4): with v^(1/2) the strong ones
    would outshout the weak ones, with 1 the noise would speak as loud as the signal. The components are those of all
    shapes, or of their projections on a subspace.

    Args:
        pixels: of the spectra.
        components: how many, fewer than pixels.
    """

    def __init__(self, pixels: int, components: int):
        super().__init__()
        self.register_buffer("level", torch.tensor([0.0, 1.0]))  # mean and standard deviation
        self.register_buffer("mean", torch.zeros(pixels))
        self.register_buffer("components", torch.zeros(pixels, components))

    @property
    def size(self) -> int:
        """Return the number of features."""
        return 1 + self.components.shape[1]

    def fit(self, flux: Tensor, subspace: Tensor | None = None) -> None:
        """Take the components from noisy spectra, shape (N, pixels). Most pixels' components must be noise alone.

        Args:
            subspace: orthonormal directions, shape (pixels, components or more).
        """
        level, shape = level_and_shape(flux.double())
        covariance = torch.cov(shape.T)
        noise = torch.linalg.eigvalsh(covariance)[1:].median()  # without the one that subtracting the mean has emptied
        basis = torch.eye(len(covariance)).double() if subspace is None else subspace.double()
        variance, vectors = torch.linalg.eigh(basis.T @ covariance @ basis)
        count = self.components.shape[1]
        half_whitened = basis @ vectors / (variance.clamp_min(noise) * noise) ** 0.25
        self.level.copy_(torch.stack([level.mean(), level.std()]))
        self.mean.copy_(shape.mean(0))
        self.components.copy_(half_whitened.flip(1)[:, :count])

    def forward(self, flux: Tensor) -> Tensor:
        """Return features, shape (N, components + 1), of F_lambda, shape (N, pixels)."""
        level, shape = level_and_shape(flux)
        return torch.cat([(level - self.level[0]) / self.level[1], (shape - self.mean) @ self.components], -1)


class MassEdges(nn.Module):
    """How close a spectrum's level brings the mass to either end of its prior, shape (N, 2).

    tanh(distance / REACH), the mass being what an average mass-to-light ratio makes of the level. The level alone,
    standardised over the five decades of the prior, hardly shows the last tenth of a dex, where the prior cuts in.
    """

    REACH = 0.2  # dex

    def __init__(self, low: float, high: float):
        super().__init__()
        self.low, self.high = low, high
        self.register_buffer("mass_to_light", torch.zeros(()))

    def fit(self, logmass: Tensor, flux: Tensor) -> None:
        """Take the average mass-to-light ratio from masses, shape (N,), and spectra, shape (N, pixels)."""
        self.mass_to_light.copy_((logmass - level_and_shape(flux)[0][:, 0]).mean())

    def forward(self, flux: Tensor) -> Tensor:
        """Return how close the spectra, shape (N, pixels), come to either end, shape (N, 2)."""
        mass = level_and_shape(flux)[0] + self.mass_to_light
        return torch.tanh(torch.cat([mass - self.low, self.high - mass], -1) / self.REACH)


class _Block(nn.Module):
    """x + W silu(V silu(x)), at first the identity (He et al. 2016)."""

    def __init__(self, width: int):
        super().__init__()
        self.inner, self.outer = nn.Linear(width, width), nn.Linear(width, width)
        nn.init.zeros_(self.outer.weight)
        nn.init.zeros_(self.outer.bias)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.outer(nn.functional.silu(self.inner(nn.functional.silu(x))))


def residual_network(inputs: int, settings: Embedding) -> nn.Module:
    """Return a residual network from so many features to settings.features."""
    blocks = [_Block(settings.width) for _ in range(settings.blocks)]
    ends = nn.Linear(inputs, settings.width), nn.Linear(settings.width, settings.features)
    return nn.Sequential(ends[0], *blocks, nn.SiLU(), ends[1])
