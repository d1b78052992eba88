"""Table: posterior half-widths of the galaxy of Fig. 3, by NPE and by MCMC."""

import numpy as np

from digs import paths
from digs.artifacts import read_product
from digs.cli import run
from digs.formatting import uncertain
from digs.plotting import save_rows
from digs.priors import parameters
from digs.products import CHAINS, GALAXY_POSTERIOR, OBSERVATIONS
from digs.summaries import compare_widths


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
            for place, parameter in enumerate(parameters())
        ],
    )


if __name__ == "__main__":
    run(main)
