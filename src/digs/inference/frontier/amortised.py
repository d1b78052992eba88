"""Networks for any problem: trained by the recipe of another one, and their draws weighted to be exact."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from digs.base.random_streams import galaxy_keys, normal_numbers
from digs.config.model import Network
from digs.exact.likelihood import log_joint
from digs.files.atomic import read_json, replacing, write_json
from digs.files.resumable import work_key
from digs.flows.flow import DRAWS_AT_ONCE, Flow
from digs.flows.mass_and_dust import MassAndDust
from digs.physics.nested_problems import Problem
from digs.physics.stored_populations import POPULATIONS_FILE
from digs.training.loop import train
from digs.training.pairs import Sample, exact_recipe


def untrained(problem: Problem, settings: Network, fraction: float, example: Sample | None = None) -> Flow:
    """Return a flow with a network's architecture for a problem.

    Args:
        fraction: of the noise.
        example: as of Flow.
    """
    torch.manual_seed(settings.seed)  # initial weights
    conditional = MassAndDust(problem.simulator, problem.prior, fraction)
    return Flow(settings.architecture, problem.prior, problem.simulator.pixels, example, conditional)


def trained(problem: Problem, settings: Network, fraction: float, folder: Path) -> tuple[Flow, dict[str, Any]]:
    """Return a network that is trained by a recipe, and the history of its training (resumes after an interruption).

    Args:
        fraction: of the noise.
        folder: of trainings, finished or not; what is there is taken up by the same settings and code alone.
    """
    ends = problem.prior.low.tolist(), problem.prior.high.tolist()
    depends_on = [settings.model_dump(), problem.free, problem.simulator.names, ends, fraction]
    key = work_key(depends_on, __file__, POPULATIONS_FILE.read_bytes())
    weights, history = folder / f"{key}.safetensors", folder / f"{key}.json"
    if not history.exists():
        recipe = exact_recipe(problem.simulator, problem.prior, settings, fraction)
        flow = untrained(problem, settings, fraction, recipe.example)
        found = train(flow, recipe.pairs, recipe.held_out, settings, folder / f"{key}-unfinished.safetensors")
        with replacing(weights) as temporary:
            save_file({name: value.contiguous() for name, value in flow.state_dict().items()}, temporary)
        write_json(history, json.loads(json.dumps(asdict(found.history))))
    flow = untrained(problem, settings, fraction)
    flow.load_state_dict(load_file(weights))
    return flow.eval().requires_grad_(False), read_json(history)


class Amortised:
    """A network's draws for a problem, and their weights.

    Args:
        flow: trained, without gradients.
        problem: that it was trained for.
        fraction: of the noise.
    """

    def __init__(self, flow: Flow, problem: Problem, fraction: float):
        self._flow, self._problem, self._fraction = flow, problem, fraction
        self._draw = flow.sampler()

    def draws(self, flux: Tensor, number: int, seed: int) -> Tensor:
        """Return theta, shape (N, number, columns), of spectra, (N, pixels)."""
        keys = galaxy_keys(flux.numpy())
        noise = normal_numbers(seed, "draws", keys, number, len(self._problem.simulator.names))
        return self._draw(torch.from_numpy(noise), flux)

    @torch.no_grad()
    def log_weights(self, draws: Tensor, flux: Tensor) -> Tensor:
        """Return ln of likelihood times prior over the network's density, shape (N, number), float64.

        Args:
            draws: theta, shape (N, number, columns).
            flux: shape (N, pixels).
        """
        simulator, prior = self._problem.simulator, self._problem.prior
        size = max(1, DRAWS_AT_ONCE // draws.shape[1])
        parts = zip(draws.split(size), flux.split(size), strict=True)
        log_q = torch.cat([self._flow.log_prob(*part) for part in parts])
        return log_joint(simulator, prior, draws, flux, self._fraction) - log_q.double()
