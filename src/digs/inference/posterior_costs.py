"""What a network's posteriors cost: calls to be timed, by numbers of galaxies, of draws and of pixels."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from sbi.inference.posteriors import DirectPosterior
from sbi.utils import BoxUniform
from torch import Tensor

from digs.base.benchmark import spread
from digs.base.random_streams import generator
from digs.config.model import Architecture
from digs.config.stages.timing_settings import TimingSettings
from digs.config.theta import NAMES
from digs.flows.fast.sampler import sampler
from digs.flows.flow import DRAWS_AT_ONCE, Flow
from digs.flows.mass_and_dust import MassAndDust
from digs.inference.importance import log_weights
from digs.inference.posterior import Posterior
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator, stored_instrument
from digs.physics.stored_populations import stored_populations
from digs.training.pairs import exact_sample

_ANYWHERE = 1e6  # the ends of a prior of coordinates that rejects no draw

Calls = dict[str, Callable[[], Any]]


def draw_by_sbi(flow: Flow, flux: Tensor, draws: int) -> Tensor:
    """Return draws of what the flow's estimator learns by sbi's posterior, shape (draws, N, learned)."""
    ends = torch.full((flow.learned,), _ANYWHERE)
    posterior = DirectPosterior(flow.estimator, BoxUniform(-ends, ends))
    return posterior.sample_batched((draws,), x=flow.context(flux), show_progress_bars=False)


def draw_by_sampler(flow: Flow, flux: Tensor, draws: int) -> list[Tensor]:
    """Return the same by our sampler, of some galaxies after the other, each of shape (N, draws, learned)."""
    draw = sampler(flow.estimator)
    parts = flux.split(max(1, DRAWS_AT_ONCE // draws))
    return [draw(torch.randn(len(part), draws, flow.learned), flow.context(part)) for part in parts]


def posterior_calls(posterior: Posterior, flux: np.ndarray, timing: TimingSettings) -> Calls:
    """Return what is timed of one network, by names that start with its own.

    Args:
        flux: of galaxies, shape (N, pixels).
    """
    name, simulator, few = posterior.record.name, Simulator(), timing.posterior_galaxies
    data = torch.as_tensor(flux[:few])

    def sample(galaxies: int, draws: int) -> Tensor:
        return posterior.sample(flux[:galaxies], draws, timing.seed)

    calls: Calls = {
        f"{name} sampler": lambda: draw_by_sampler(posterior.flow, data, timing.draws),
        f"{name} sbi": lambda: draw_by_sbi(posterior.flow, data, timing.draws),
        f"{name} importance": lambda: log_weights(posterior, simulator, sample(few, timing.draws), data),
    }
    calls |= {f"{name} galaxies {number}": partial(sample, number, timing.draws) for number in timing.galaxies}
    return calls | {f"{name} draws {number}": partial(sample, few, number) for number in timing.draws_each}


def finer_simulator(factor: int) -> Simulator:
    """Return the exact simulator with so many times as many pixels in the same range."""
    spectrum = stored_populations().spectrum
    return Simulator(stored_instrument(spectrum.model_copy(update={"pixels": factor * spectrum.pixels})))


def pixel_calls(
    factor: int,
    architectures: Mapping[str, Architecture],
    prior: Prior,
    fraction: float,
    timing: TimingSettings,
) -> Calls:
    """Return what is timed with more pixels: simulations, and posteriors by networks of the same kinds.

    The networks are not trained, which changes nothing of what they take.

    Args:
        factor: so many times as many pixels.
        architectures: of the networks, by name.
        fraction: of the noise.
    """
    simulator = finer_simulator(factor)
    theta = prior.sample(timing.batch, generator(timing.seed, "exact"))
    example = exact_sample(simulator, prior, fraction, 2 * simulator.pixels, timing.seed, "pixels")
    flux = example[1][: timing.posterior_galaxies]
    noise = torch.randn(len(flux), timing.draws, len(NAMES), generator=generator(timing.seed, "pixels"))
    calls: Calls = {f"exact pixels {factor}": lambda: simulator(theta)}
    for name, architecture in architectures.items():
        conditional = MassAndDust(simulator, prior, fraction) if architecture.marginal else None
        flow = Flow(architecture, prior, simulator.pixels, example, conditional).eval().requires_grad_(False)
        calls[f"{name} pixels {factor}"] = partial(flow.sampler(), noise, flux)
    return calls


def posterior_costs(seconds: Mapping[str, np.ndarray], name: str, timing: TimingSettings) -> dict[str, Any]:
    """Return what a network's posteriors take, from the seconds of all calls, turn by turn."""
    few = timing.posterior_galaxies
    return {
        "posterior_seconds": spread(seconds[f"{name} draws {timing.draws}"] / few),
        "posterior_seconds_alone": spread(seconds[f"{name} galaxies 1"]),
        "sampler_seconds": spread(seconds[f"{name} sampler"] / few),
        "sampler_seconds_by_sbi": spread(seconds[f"{name} sbi"] / few),
        "ratio_to_sbi": spread(seconds[f"{name} sbi"] / seconds[f"{name} sampler"]),
        "importance_seconds": spread(seconds[f"{name} importance"] / few),
        "galaxies": [spread(seconds[f"{name} galaxies {number}"]) for number in timing.galaxies],
        "draws": [spread(seconds[f"{name} draws {number}"] / few) for number in timing.draws_each],
        "pixels": [spread(seconds[f"{name} pixels {factor}"] / few) for factor in timing.pixel_factors],
    }
