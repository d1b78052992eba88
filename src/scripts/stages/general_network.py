"""Stage `general_network`: one network for the spectra of any spectrograph, and how efficient its draws are."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from typing import Any

import numpy as np
import torch

from digs.base import paths
from digs.config.params import load_params
from digs.config.stages.general_network_settings import EfficiencyCheck, GeneralNetworkSettings
from digs.inference.general.general_network import NETWORK_FILE, GeneralNetwork, save_general_network
from digs.inference.general.general_training import GeneralData, trained_flow
from digs.inference.general.native_efficiency import Observatory, native_efficiencies
from digs.physics.instrument import Instrument
from digs.physics.results import write_result
from digs.physics.stored_populations import stored_populations
from digs.provenance.records import run_stage

FIRST, LAST = 3800.0, 9200.0  # Angstrom, what the spectrographs of SDSS see


def measured(network: GeneralNetwork, settings: EfficiencyCheck, seed: int) -> dict[str, Any]:
    """Return median and 5th percentile of the efficiency by signal-to-noise."""
    instrument = Instrument(np.geomspace(FIRST, LAST, settings.pixels), sigma_kms=settings.sigma_kms)
    observatory, found = Observatory(instrument, settings.redshift, settings.nodes), {}
    for signal in settings.signal:
        shares, _ = native_efficiencies(network, observatory, signal, settings.galaxies, settings.draws, seed)
        found[f"{signal:g}"] = {"median": float(np.median(shares)), "tail": float(np.quantile(shares, 0.05))}
    return found


def main() -> None:
    """Make ways to observe, train on pairs of them (both resume after an interruption), and measure."""
    params = load_params(GeneralNetworkSettings)
    settings = params.general_network
    torch.set_num_threads(1)  # as most of the time goes into small matrices
    data = GeneralData.of(settings)
    flow, training = trained_flow(data, settings.architecture, settings.recipe, settings.seed, "general_network")
    stored = stored_populations()
    provenance = {"sps_label": stored.label, "sps_fingerprint": stored.fingerprint}
    content = {"settings": settings.model_dump(), "training": training, "provenance": provenance}
    save_general_network(NETWORK_FILE, flow, data.components, settings.architecture, content)
    network = GeneralNetwork(flow, data.components)
    found = measured(network, settings.efficiency, settings.seed)
    history = {name: training[name] for name in training if name != "history"}
    write_result(paths.DATA / "general_network.json", {**settings.model_dump(), **history, "measured": found})
    data.forget()


if __name__ == "__main__":
    run_stage(main)
