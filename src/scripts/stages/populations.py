"""Stage `populations`: FSPS's simple stellar populations at its own resolution, stars and gas apart."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import torch

from digs.base import paths
from digs.config.params import load_params
from digs.config.stages.populations_settings import PopulationsSettings
from digs.files.atomic import write_json
from digs.files.resumable import SCRATCH
from digs.provenance.records import run_stage
from digs.sps.home import sps_data
from digs.sps.native_populations import write_populations
from digs.sps.native_spectra import native_parts, native_spectra


def main() -> None:
    """Make the populations with FSPS (needs SPS_HOME; resumes)."""
    params, data = load_params(PopulationsSettings), sps_data()
    torch.set_num_threads(params.threads)
    parts = native_parts(data, SCRATCH / "populations")
    error = write_populations(paths.DATA / "populations.h5", params, native_spectra(parts), data)
    write_json(paths.DATA / "populations.json", {"sps_label": data.label, **error})
    parts.forget()


if __name__ == "__main__":
    run_stage(main)
