"""Networks on looked-up pairs from libraries of any size, or on exact ones, quickly trained.

The flow learns the mass relative to the level of the spectrum, in dex, and the other parameters as logits in the
prior's box; it is shown the level and the shape of the log spectrum. Noise is Gaussian in the flux.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from digs.base.random_streams import generator
from digs.config.stages.jitter_settings import JitterNetworkSettings
from digs.config.theta import MASS
from digs.flows.fast.plain_maf import PlainMaf
from digs.flows.fast.plain_sampler import plain_sampler
from digs.physics.noise import add_noise
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.physics.spectra import level_and_shape
from digs.training.pairs import Sample, nearest_member
from digs.training.small_batches import SmallBatches, train_on_small_batches

_BULK = 50_000


def simulated(simulator: Simulator, theta: Tensor) -> Tensor:
    """Return noiseless F_lambda, (N, pixels), a bulk at a time."""
    with torch.no_grad():
        return torch.cat([simulator(each) for each in theta.split(_BULK)])


@dataclass(frozen=True)
class Labels:
    """Labels of the prior, (P, 5), and the theta that their spectra are of: rows, (P,), of own, (M, 5)."""

    label: Tensor
    own: Tensor
    rows: Tensor

    @classmethod
    def draw(cls, prior: Prior, number: int, size: int | None, seed: int) -> "Labels":
        """Return labels with the nearest members of a library of a size, or with themselves where it is None."""
        label = prior.sample(number, generator(seed, f"labels for {size}"))
        if size is None:
            return cls(label, label, torch.arange(number))
        library = prior.sample(size, generator(seed, f"library of {size}"))
        return cls(label, library, nearest_member(label, library))


@dataclass(frozen=True)
class JitteredNetwork:
    """A trained flow and the prior that it is over."""

    flow: PlainMaf
    prior: Prior

    def draw(self, flux: Tensor, draws: int, seed: int) -> Tensor:
        """Return theta, (N, draws, 5), double precision."""
        noise = torch.randn(len(flux), draws, 5, generator=generator(seed, "draws"))
        context = features(flux)
        z = plain_sampler(self.flow)(noise, context)
        return _theta(z, context[:, :1], self.prior)


def features(flux: Tensor) -> Tensor:
    """Return what the flow sees of spectra, (N, pixels): (N, pixels + 1)."""
    return torch.cat(level_and_shape(flux), -1).float()


def _coordinates(theta: Tensor, context: Tensor, prior: Prior) -> Tensor:
    z = prior.to_unbounded(theta).float()
    z[:, MASS] = (theta[:, MASS] - context[:, 0]).float()
    return z


def _theta(z: Tensor, level: Tensor, prior: Prior) -> Tensor:
    theta = prior.from_unbounded(z)
    theta[..., MASS] = (z[..., MASS] + level).double().clamp(prior.low[MASS], prior.high[MASS])
    return theta


def trained_network(
    labels: Labels,
    flux: Tensor,
    prior: Prior,
    fraction: float,
    settings: JitterNetworkSettings,
    seed: int,
    checkpoint: Path,
    description: str,
) -> JitteredNetwork:
    """Return a network that was trained on labels with spectra, the last settings.held_out of which are held out.

    Args:
        flux: noiseless, of labels.own, (M, pixels).
        fraction: of the noise.
    """

    def noisy(rows: slice, purpose: str) -> Sample:
        random, parts = generator(seed, purpose), []
        for theta, spectra in zip(labels.label[rows].split(_BULK), labels.rows[rows].split(_BULK), strict=True):
            context = features(add_noise(flux[spectra], random, fraction))
            parts.append((_coordinates(theta, context, prior), context))
        return tuple(torch.cat(each) for each in zip(*parts, strict=True))

    seen = slice(0, len(labels.label) - settings.held_out)
    example = noisy(slice(0, 9000), "example")
    flow = PlainMaf.untrained(*example, settings.units, settings.transforms, seed)
    recipe = SmallBatches(
        settings.batch_size,
        settings.learning_rate,
        True,
        settings.epochs,
        settings.epochs,
        settings.clip_norm,
        seed,
    )
    flow, *_ = train_on_small_batches(
        flow,
        lambda epoch: noisy(seen, f"noise of epoch {epoch}"),
        noisy(slice(seen.stop, None), "held out"),
        recipe,
        checkpoint,
        description,
    )
    return JitteredNetwork(flow, prior)
