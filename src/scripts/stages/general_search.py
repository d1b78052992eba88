"""Stage `general_search`: which architecture learns the most of the general network's task in the same time."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import torch

from digs.base import paths
from digs.config.params import load_params
from digs.config.stages.general_network_settings import GeneralNetworkSettings
from digs.config.stages.general_search_settings import GeneralSearchSettings
from digs.files.atomic import read_json, write_json
from digs.files.resumable import work_key
from digs.inference.general import general_training
from digs.inference.general.general_training import FOLDER, GeneralData, trained_flow
from digs.physics.results import write_result
from digs.provenance.records import run_stage

KEPT = ("held_out_loss", "pairs", "weights", "cpu_seconds")


def main() -> None:
    """Train each for so many pairs (resumes after an interruption)."""
    params = load_params(GeneralNetworkSettings, GeneralSearchSettings)
    task, settings = params.general_network, params.general_search
    torch.set_num_threads(1)
    data, found, done = None, {}, []
    for name, architecture in settings.architectures.items():
        depends = [task.model_dump(exclude={"architecture", "recipe"}), settings.recipe.model_dump()]
        key = work_key([*depends, architecture.model_dump(), settings.seed], general_training.__file__)
        done.append(FOLDER / "search" / f"{key}.json")
        if not done[-1].exists():
            data = GeneralData.of(task) if data is None else data
            _, training = trained_flow(data, architecture, settings.recipe, settings.seed, f"search-{name}")
            write_json(done[-1], {each: training[each] for each in KEPT})
        found[name] = read_json(done[-1])
    write_result(paths.DATA / "general_search.json", {**settings.model_dump(), "measured": found})
    for file in done:
        file.unlink()


if __name__ == "__main__":
    run_stage(main)
