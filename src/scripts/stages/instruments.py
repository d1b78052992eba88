"""Stage `instruments`: galaxies on three instruments, with three kinds of gas, against Prospector."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import torch

from digs.base import paths
from digs.config.params import load_params
from digs.config.stages.instruments_settings import InstrumentsSettings
from digs.physics.results import write_result
from digs.physics.stored_populations import POPULATIONS_FILE
from digs.provenance.records import run_stage
from digs.sps.native_agreement import agreement


def main() -> None:
    """Compare galaxies made of the populations with Prospector's (needs SPS_HOME)."""
    params = load_params(InstrumentsSettings)
    torch.set_num_threads(params.threads)
    write_result(paths.DATA / "instruments.json", agreement(POPULATIONS_FILE, params))


if __name__ == "__main__":
    run_stage(main)
