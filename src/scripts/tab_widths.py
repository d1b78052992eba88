"""Table: posterior half-widths of the galaxy of Fig. 3, by NPE and by MCMC."""

import numpy as np

from digs import paths
from digs.artifacts import read_product, write_text
from digs.cli import run
from digs.formatting import uncertain
from digs.priors import parameters
from digs.products import CHAINS, GALAXY_POSTERIOR, OBSERVATIONS
from digs.summaries import grouped, half_width_and_error


def main() -> None:
    """Write the rows of the table of half-widths."""
    truth = read_product(paths.DATA / "galaxy.h5", OBSERVATIONS)["theta"][0]
    draws = read_product(paths.DATA / "galaxy_posterior.h5", GALAXY_POSTERIOR)["theta"]
    chain = read_product(paths.DATA / "chains.h5", CHAINS)["reference_theta"]
    npe, npe_error = half_width_and_error(grouped(draws))
    mcmc, mcmc_error = half_width_and_error(chain)
    npe_median, mcmc_median = np.median(draws, 0), np.median(chain.reshape(-1, chain.shape[2]), 0)
    ratio_error = npe / mcmc * np.hypot(npe_error / npe, mcmc_error / mcmc)
    rows = [
        " & ".join(
            [
                parameter.axis_label,
                f"{truth[place]:.2f}",
                f"{npe_median[place]:.2f}",
                f"{mcmc_median[place]:.2f}",
                f"${uncertain(npe[place], npe_error[place])}$",
                f"${uncertain(mcmc[place], mcmc_error[place])}$",
                f"${uncertain(npe[place] / mcmc[place], ratio_error[place])}$",
            ]
        )
        for place, parameter in enumerate(parameters())
    ]
    write_text(paths.OUTPUT / "tab_widths.tex", " \\\\\n".join(rows))


if __name__ == "__main__":
    run(main)
