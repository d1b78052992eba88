"""The spectra of the benchmark's tracks: of the model with its noise, of any noise with gaps, and of no such model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from digs.base.random_streams import generator, stream
from digs.config.stages.benchmark_settings import NoiseOfPixels
from digs.diagnostics.corruptions import Galaxies, corrupted
from digs.physics.instrument import Instrument
from digs.physics.noise import add_noise
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

_REDSHIFT = "redshift"
_WAVES = 3  # cosines in ln sigma over the wavelengths


@dataclass(frozen=True)
class MockSpectra:
    """Spectra of N galaxies, as they are stored and computed with.

    theta: of the galaxies, (N, 5), float64; where there is no such model, of the galaxies before they were corrupted.
    flux: in erg/s/cm^2/Angstrom, (N, pixels), float32, 0 in gaps.
    sigma: of the noise, of the shape and unit of flux, float32, inf in gaps; None where it is a fraction of the model.
    """

    theta: np.ndarray
    flux: np.ndarray
    sigma: np.ndarray | None = None


def spectra_of_the_model(
    simulator: Simulator, prior: Prior, fraction: float, number: int, seed: int, purpose: str
) -> MockSpectra:
    """Return galaxies of the prior with noise that is a fraction of the model's flux (Khullar et al. 2022, sec. 3.4).

    Args:
        fraction: of the noise.
        purpose: of the random numbers.
    """
    theta = prior.sample(number, generator(seed, f"{purpose} theta"))
    flux = add_noise(simulator(theta), generator(seed, f"{purpose} noise"), fraction)
    return MockSpectra(theta.numpy(), flux.float().numpy())


def spectra_of_any_noise(
    simulator: Simulator, prior: Prior, settings: NoiseOfPixels, number: int, seed: int, purpose: str
) -> MockSpectra:
    """Return galaxies of the prior, each with sigmas of its own for the pixels, and with gaps.

    Ln sigma is a straight line and three cosines over the wavelengths, and scatters. It does not depend on theta, but
    for the level: the median over the seen pixels of flux over sigma is drawn, log-uniform. So ln of the level of sigma
    is uniform whatever theta is, and tells nothing of theta, except that the median is within its range; of galaxies
    within the width of their posteriors from an end of that range this cuts off a part, which nobody takes account of.

    Args:
        settings: ranges of all this.
        purpose: of the random numbers.
    """
    theta = prior.sample(number, generator(seed, f"{purpose} theta"))
    model = simulator(theta).double().numpy()
    sigma = np.empty_like(model)
    unit = np.empty_like(model)
    for row, flux in enumerate(model):
        random = stream(seed, f"{purpose} noise", f"{row}".encode())
        seen = ~_gaps(len(flux), settings, random)
        shape = _shape_of_noise(len(flux), settings, random)
        low, high = settings.signal_to_noise
        ratio = low * (high / low) ** random.random()
        level = np.median((flux / shape)[seen]) / ratio
        sigma[row] = np.where(seen, level * shape, np.inf)
        unit[row] = random.standard_normal(len(flux))
    sigma = sigma.astype(np.float32)
    flux = np.where(np.isinf(sigma), 0.0, model + unit * np.where(np.isinf(sigma), 0.0, sigma))
    return MockSpectra(theta.numpy(), flux.astype(np.float32), sigma)


def _shape_of_noise(pixels: int, settings: NoiseOfPixels, random: np.random.Generator) -> np.ndarray:
    """Sigma of the pixels, in any unit."""
    place = np.linspace(-0.5, 0.5, pixels)
    line = random.uniform(-settings.tilt, settings.tilt) * place
    phases, sizes = random.uniform(0, 2 * np.pi, _WAVES), settings.wave * random.standard_normal(_WAVES)
    waves = sizes @ np.cos(2 * np.pi * np.arange(1, _WAVES + 1)[:, None] * place + phases[:, None])
    return np.exp(line + waves + random.uniform(0, settings.scatter) * random.standard_normal(pixels))


def _gaps(pixels: int, settings: NoiseOfPixels, random: np.random.Generator) -> np.ndarray:
    """Which pixels are missing: at the ends, in one to three gaps, and here and there."""
    missing = random.random(pixels) < random.uniform(0, settings.bad_pixels)
    for end in (slice(None), slice(None, None, -1)):
        if random.random() < 0.5:
            missing[end][: round(random.uniform(0, settings.ends) * pixels)] = True
    share = random.uniform(0, random.choice(settings.gaps))
    for part in random.dirichlet(np.ones(random.integers(1, 4))):
        length = round(share * part * pixels)
        first = random.integers(0, pixels - length + 1)
        missing[first : first + length] = True
    return missing


def corrupted_spectra(
    simulator: Simulator,
    prior: Prior,
    fraction: float,
    strengths: Mapping[str, Sequence[float]],
    number: int,
    seed: int,
    purpose: str,
) -> tuple[MockSpectra, list[dict[str, Any]]]:
    """Return spectra with something wrong, and what is wrong: `kind` and `strength` of each.

    Kinds and strengths are spread evenly, in random order.

    Args:
        fraction: of the noise that one assumes.
        strengths: of each kind of digs.diagnostics.corruptions.
        purpose: of the random numbers.
    """
    theta = prior.sample(number, generator(seed, f"{purpose} theta"))
    order = stream(seed, f"{purpose} order").permutation(number)
    kinds = list(strengths)
    done: list[dict[str, Any]] = [{}] * number
    for place, row in enumerate(order):
        kind = kinds[place % len(kinds)]
        these = strengths[kind]
        done[row] = {"kind": kind, "strength": these[place // len(kinds) % len(these)]}
    flux = np.empty((number, simulator.pixels), dtype=np.float32)
    for kind, these in strengths.items():
        for strength in these:
            rows = [row for row, one in enumerate(done) if one == {"kind": kind, "strength": strength}]
            if rows:
                random = generator(seed, f"{purpose} {kind} {strength:g}")
                flux[rows] = _corrupted(kind, theta[rows], simulator, strength, fraction, random).float().numpy()
    return MockSpectra(theta.numpy(), flux), done


def _corrupted(
    kind: str,
    theta: torch.Tensor,
    simulator: Simulator,
    strength: float,
    fraction: float,
    random: torch.Generator,
) -> torch.Tensor:
    if kind == _REDSHIFT:  # of which Prospector's spectra are stored for the test set alone
        moved = Galaxies(theta, moved_simulator(simulator, strength)(theta), simulator)
        return corrupted(kind, moved, 0.0, fraction, random)
    return corrupted(kind, Galaxies.of(theta, simulator), strength, fraction, random)


def moved_simulator(simulator: Simulator, redshift: float) -> Simulator:
    """Return a simulator of pixels that show what lies at their wavelength / (1 + redshift).

    Args:
        simulator: of sampled pixels, whose spectra are seen by somebody who takes the redshift for zero.
    """
    seen = simulator.instrument
    pixels = Instrument(seen.wavelength / (1 + redshift), sigma_kms=seen.sigma_kms, integrate=False)
    return Simulator(pixels, redshift=simulator.redshift, gas=simulator.gas_kind)
