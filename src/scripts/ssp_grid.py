"""Stage `ssp_grid`: FSPS's simple stellar populations on the pixels of the paper."""

from digs import paths
from digs.artifacts import write_product
from digs.cli import run
from digs.params import load_params
from digs.parts import SCRATCH
from digs.products import SSP_GRID
from digs.sps import sps_data
from digs.ssp import make_ssp_grid, ssp_parts


def main() -> None:
    """Make the SSP grid of the exact simulator with FSPS (needs SPS_HOME; resumes)."""
    params, data = load_params(), sps_data()
    parts = ssp_parts(params.spectrum, data, SCRATCH / "ssp_grid")
    write_product(
        paths.DATA / "ssp_grid.h5",
        SSP_GRID,
        make_ssp_grid(params.spectrum, parts),
        parameters=params.model_dump(include={"spectrum"}),
        **data.attributes(),
    )
    parts.forget()


if __name__ == "__main__":
    run(main)
