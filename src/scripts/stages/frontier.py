"""Stage `frontier`: what exact posteriors cost by the number of parameters that are not in closed form."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import math
import shutil
from collections.abc import Iterable
from typing import Any

import torch

from digs.base import paths
from digs.base.benchmark import machine
from digs.config.params import Params, load_params
from digs.config.stages.frontier_settings import FrontierSettings
from digs.config.stages.library_settings import GalaxySettings
from digs.exact.brute_force.templates import axes_of
from digs.files.resumable import SCRATCH, ResumableParts
from digs.flows.network_files import NETWORKS, load_flow
from digs.inference.frontier import contest_parts
from digs.inference.frontier.amortised import Amortised, trained
from digs.inference.frontier.contest import Contest
from digs.inference.frontier.contest_results import results
from digs.inference.frontier.contest_times import Contestants, contest_seconds
from digs.physics.nested_problems import Problem, problem
from digs.physics.results import write_result
from digs.physics.stored_populations import POPULATIONS_FILE
from digs.provenance.records import run_stage

THEIRS = 3  # parameters of Khullar et al.'s (2022) problem, whose networks are those of other stages
FOLDER = SCRATCH / "frontier"
OF_TIMES = {"free", "networks", "repeats", "training_pairs", "catalogues", "bootstrap"}  # settings that no part needs


def problem_of(free: int, params: Params) -> Problem:
    """Return the problem with so many parameters."""
    ranges = params.prior.model_dump() | params.frontier.ranges.model_dump()
    values = {"tage": params.galaxy.tage, "logtau": params.galaxy.logtau, "gas_logz": params.frontier.solar}
    return problem(free, ranges, values)


def networks_of(one: Problem, params: Params) -> tuple[dict[str, Amortised], dict[str, dict[str, Any]]]:
    """Return the networks of a problem, trained if need be, and what their trainings took."""
    found, trainings = {}, {}
    for name in (name for name, free in params.frontier.networks.items() if one.free in free):
        recipe, fraction = params.network(name), params.noise.fraction
        if one.free == THEIRS:
            flow, record = load_flow(name)
            history = record.training["history"]
        else:
            flow, history = trained(one, recipe, fraction, FOLDER / "networks")
        spent = {"cpu_seconds": sum(history["cpu_seconds"]), "epochs": len(history["seconds"])}
        found[name] = Amortised(flow, one, fraction)
        trainings[name] = {"pairs": recipe.pairs * spent["epochs"], **spent}
    return found, trainings


def parts_of(one: Problem, networks: Iterable[str], params: Params) -> ResumableParts:
    """Return the parts of a problem's measurements."""
    relevant = params.model_dump(include={"prior", "noise", "galaxy"})
    relevant |= params.frontier.model_dump(exclude=OF_TIMES) | {
        name: params.network(name).model_dump() for name in networks
    }
    theirs = networks if one.free == THEIRS else ()
    files = (NETWORKS / f"{name}.{end}" for name in theirs for end in ("json", "safetensors"))
    return ResumableParts(FOLDER / f"{one.free}", relevant, contest_parts.__file__, POPULATIONS_FILE, *files)


def main() -> None:
    """Measure all methods on all problems, on one thread (resumes), and time them in one go at the end."""
    params = load_params(FrontierSettings, GalaxySettings)
    settings, fraction = params.frontier, params.noise.fraction
    torch.set_num_threads(1)
    contests, of_galaxies, networks, trainings = {}, {}, {}, {}
    for free in settings.free:
        one = problem_of(free, params)
        contests[free] = Contest.of(one, fraction, settings.galaxies, settings.draws, settings.seed)
        networks[free], trainings[free] = networks_of(one, params)
        parts = parts_of(one, networks[free], params)
        of_galaxies[free] = contest_parts.measured(contests[free], networks[free], settings, parts)
    found = {}
    for free, contest in contests.items():
        kept, one = of_galaxies[free], contest.problem
        recipes = {name: params.network(name) for name in networks[free]}
        them = Contestants.of(contest, networks[free], recipes, kept["walked"], settings)
        seconds = contest_seconds(contest.few(settings.batch), them, settings)
        found[str(free)] = {
            "names": list(one.simulator.names),
            "nodes": len(them.grid.nodes.volume),
            "dense_nodes": axes_of(one.simulator, one.prior, fraction, math.inf).size(one.prior),
            "methods": results(kept, seconds, them.set_up, trainings[free], settings),
        }
    content = {"machine": machine(), **settings.model_dump(), "measured": found}
    write_result(paths.DATA / "frontier.json", content)
    shutil.rmtree(FOLDER, ignore_errors=True)


if __name__ == "__main__":
    run_stage(main)
