"""Table: posterior half-widths of the galaxy of Fig. 3, by NPE and by MCMC."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import numpy as np

from digs.base import paths
from digs.base.command import run
from digs.config.theta import MEANINGS
from digs.files.product import read_product
from digs.files.schemas.chains_schema import CHAINS
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.files.schemas.posteriors_schema import GALAXY_POSTERIOR
from digs.paper.galaxy_of_fig3 import compare_widths
from digs.paper.latex_numbers import uncertain
from digs.paper.plotting import save_rows


def main() -> None:
    """Write the rows of the table of half-widths."""
    truth = read_product(paths.DATA / "galaxy.h5", OBSERVATIONS)["theta"][0]
    draws = read_product(paths.DATA / "galaxy_posterior.h5", GALAXY_POSTERIOR)["theta"]
    chain = read_product(paths.DATA / "chains.h5", CHAINS)["reference_theta"]
    widths = compare_widths(draws, chain)
    npe_median, mcmc_median = np.median(draws, 0), np.median(chain.reshape(-1, chain.shape[2]), 0)
    save_rows(
        "tab_widths",
        [
            (
                parameter.axis_label,
                f"{truth[place]:.2f}",
                f"{npe_median[place]:.2f}",
                f"{mcmc_median[place]:.2f}",
                f"${uncertain(widths.npe[place], widths.npe_error[place])}$",
                f"${uncertain(widths.mcmc[place], widths.mcmc_error[place])}$",
                f"${uncertain(widths.ratio[place], widths.ratio_error[place])}$",
            )
            for place, parameter in enumerate(MEANINGS)
        ],
    )


if __name__ == "__main__":
    run(main)
