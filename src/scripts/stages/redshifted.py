"""Stage `redshifted`: Prospector's spectra of test galaxies whose redshifts are not quite what one thinks."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import numpy as np

from digs.base import paths
from digs.base.progress import progress
from digs.config.params import load_params
from digs.config.stages.redshifted_settings import RedshiftedSettings
from digs.config.theta import index
from digs.files.product import read_product, write_product
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.files.schemas.redshifted_schema import REDSHIFTED
from digs.provenance.records import run_stage
from digs.sps.home import sps_data
from digs.sps.moved_pixels import MovedPixels


def main() -> None:
    """Simulate test galaxies with Prospector on pixels that an unknown redshift has moved (needs SPS_HOME)."""
    params, data = load_params(RedshiftedSettings), sps_data()
    settings = params.redshifted
    theta = read_product(paths.DATA / "test.h5", OBSERVATIONS)["theta"][: settings.galaxies]
    simulator = MovedPixels(params.spectrum, params.gas, settings.redshifts)
    flux = np.empty((len(settings.redshifts), len(theta), params.spectrum.pixels))
    # in the order of metallicity, as FSPS takes seconds for each change between its own
    for row in progress(np.argsort(theta[:, index("logzsol")]), desc="Moved spectra", unit="galaxy"):
        flux[:, row] = simulator(theta[row])
    write_product(
        paths.DATA / "redshifted.h5",
        REDSHIFTED,
        {"redshift": np.array(settings.redshifts), "theta": theta, "flux": flux},
        parameters=params.model_dump(include={"prior", "spectrum", "gas"}),
        **data.attributes(),
    )


if __name__ == "__main__":
    run_stage(main)
