"""Stage `ssp_grid`: FSPS's simple stellar populations on the pixels of the paper."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from digs.config.params import load_params
from digs.files.resumable import SCRATCH
from digs.physics.simulator import SSP_GRID_FILE
from digs.provenance.records import run_stage
from digs.sps.home import sps_data
from digs.sps.ssp_spectra import write_ssp_grid


def main() -> None:
    """Make the SSP grid of the exact simulator with FSPS (needs SPS_HOME; resumes)."""
    write_ssp_grid(SSP_GRID_FILE, load_params().spectrum, sps_data(), SCRATCH / "ssp_grid")


if __name__ == "__main__":
    run_stage(main)
