"""Stage `general_network`: one network for the spectra of any spectrograph."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import torch

from digs.base import paths
from digs.config.params import load_params
from digs.config.stages.general_network_settings import GeneralNetworkSettings
from digs.inference.general.general_network import NETWORK_FILE, save_general_network
from digs.inference.general.general_training import GeneralData, trained_flow
from digs.physics.results import write_result
from digs.physics.stored_populations import stored_populations
from digs.provenance.records import run_stage


def main() -> None:
    """Make ways to observe, and train on pairs of them (both resume after an interruption)."""
    params = load_params(GeneralNetworkSettings)
    settings = params.general_network
    torch.set_num_threads(1)  # as most of the time goes into small matrices
    data = GeneralData.of(settings)
    flow, training = trained_flow(data, settings.architecture, settings.recipe, settings.seed, "general_network")
    stored = stored_populations()
    provenance = {"sps_label": stored.label, "sps_fingerprint": stored.fingerprint}
    content = {"settings": settings.model_dump(), "training": training, "provenance": provenance}
    save_general_network(NETWORK_FILE, flow, data.components, settings.architecture, content)
    history = {name: training[name] for name in training if name != "history"}
    write_result(paths.DATA / "general_network.json", {**settings.model_dump(), **history})
    data.forget()


if __name__ == "__main__":
    run_stage(main)
