"""What the ways to exact posteriors take, by turns, on the same galaxies: seconds of the processor, on one thread.

On a machine that has nothing else to do these are the seconds that pass.
"""

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from digs.base.benchmark import gather_in_turns
from digs.config.model import Network
from digs.config.stages.frontier_settings import FrontierSettings
from digs.exact.brute_force.grid import Grid
from digs.exact.brute_force.template_bank import TemplateBank
from digs.inference.frontier.amortised import Amortised, untrained
from digs.inference.frontier.contest import Contest, by_emcee, by_grid, by_mixtures, by_nautilus
from digs.training.loop import train
from digs.training.pairs import exact_recipe

ALONE, TRAINING = "alone", "training"  # of networks: draws without weights, and a second of training


def timed(make: Callable[[], Any]) -> tuple[Any, float]:
    """Return what a call returns, and the seconds that the processor spent on it."""
    start = time.process_time()
    made = make()
    return made, time.process_time() - start


@dataclass(frozen=True)
class Contestants:
    """All that is ready to find posteriors of a problem's galaxies, and the seconds that setting it up took."""

    grid: Grid
    bank: TemplateBank
    networks: Mapping[str, Amortised]
    recipes: Mapping[str, Network]
    walked: np.ndarray
    set_up: Mapping[str, float]

    @classmethod
    def of(
        cls,
        contest: Contest,
        networks: Mapping[str, Amortised],
        recipes: Mapping[str, Network],
        walked: np.ndarray,
        settings: FrontierSettings,
    ) -> "Contestants":
        """Return them.

        Args:
            networks, recipes: by name, trained, and what they are trained by.
            walked: positions of walkers that are burnt in, as of `walkers`.
        """
        problem, fraction, size = contest.problem, contest.fraction, settings.mixtures.bank
        grid, grid_seconds = timed(lambda: Grid(problem.simulator, problem.prior, fraction))
        bank, seconds = timed(lambda: TemplateBank(problem.simulator, problem.prior, fraction, size, settings.seed))
        return cls(grid, bank, networks, recipes, walked, {"grid": grid_seconds, "mixtures": seconds})


def contest_seconds(contest: Contest, them: Contestants, settings: FrontierSettings) -> dict[str, np.ndarray]:
    """Return seconds of all calls, (repeats,) each: of a galaxy, of a galaxy's step of emcee, and of a training pair.

    Args:
        contest: of one batch.
    """
    batch, walk = len(contest.flux), settings.emcee
    galaxies = cycle(range(settings.nautilus.timed))
    calls: dict[str, Callable[[], Any]] = {
        "grid": lambda: by_grid(contest, them.grid),
        "mixtures": lambda: by_mixtures(contest, them.bank, settings.mixtures, settings.effective),
        "emcee": lambda: by_emcee(contest, them.walked, 0, walk.timed_steps, walk.timed_steps),
    }
    for name, network in them.networks.items():
        calls |= _network_calls(name, network, contest)
    for call in calls.values():
        call()  # not counted: what is compiled or allocated at first
    calls["nautilus"] = lambda: by_nautilus(contest, next(galaxies), settings.nautilus, settings.effective)
    all_timed = {name: partial(_seconds, call) for name, call in calls.items()}
    all_timed |= {f"{name} {TRAINING}": _training(contest, recipe, settings) for name, recipe in them.recipes.items()}
    seconds = gather_in_turns(all_timed, settings.repeats)
    for name in set(calls) - {"nautilus"}:
        seconds[name] = seconds[name] / (batch * (walk.timed_steps if name == "emcee" else 1))
    return seconds


def _seconds(call: Callable[[], Any]) -> float:
    return timed(call)[1]


def _network_calls(name: str, network: Amortised, contest: Contest) -> dict[str, Callable[[], Any]]:
    """What is timed of one network."""

    def alone() -> Any:
        return network.draws(contest.flux, contest.draws, contest.seed)

    return {f"{name} {ALONE}": alone, name: lambda: network.log_weights(alone(), contest.flux)}


def _training(contest: Contest, recipe: Network, settings: FrontierSettings) -> Callable[[], float]:
    """What tells the seconds of one pair in a network's training, of which the first epoch warms up."""
    some = recipe.model_copy(update={"pairs": settings.training_pairs, "epochs": 2, "cycle": 2})
    problem = contest.problem

    def seconds() -> float:
        ours = exact_recipe(problem.simulator, problem.prior, some, contest.fraction)
        held_out = round(len(ours.held_out[0]) * some.pairs / recipe.pairs)  # as many in proportion
        few = tuple(part[:held_out] for part in ours.held_out)
        flow = untrained(problem, some, contest.fraction, ours.example)
        with tempfile.TemporaryDirectory() as folder:
            found = train(flow, ours.pairs, few, some, Path(folder) / "unfinished")
        return found.history.cpu_seconds[-1] / some.pairs

    return seconds
