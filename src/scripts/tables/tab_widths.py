"""Table: posterior half-widths of the galaxy of Fig. 3, as published, by networks and by MCMC."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from digs.base import paths
from digs.base.command import run
from digs.config.theta import MEANINGS
from digs.files.atomic import read_json
from digs.files.product import read_product
from digs.files.schemas.chains_schema import CHAINS
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.files.schemas.posteriors_schema import GALAXY_POSTERIOR
from digs.paper.galaxy_of_fig3 import compare_widths
from digs.paper.khullar2022 import HALF_WIDTHS
from digs.paper.latex_numbers import cell, uncertain
from digs.paper.plotting import save_rows


def main() -> None:
    """Write the rows of the table of half-widths."""
    truth = read_product(paths.DATA / "galaxy.h5", OBSERVATIONS)["theta"][0]
    chain = read_product(paths.DATA / "chains.h5", CHAINS)["reference_theta"]
    widths = compare_widths(read_product(paths.DATA / "galaxy_posterior.h5", GALAXY_POSTERIOR)["theta"], chain)
    measured = read_json(paths.DATA / "lookup_experiment.json")["measured"]
    rows = []
    for place, parameter in enumerate(MEANINGS):
        by = {name: cell(measured[name]["galaxy"][parameter.name]["half_width"]) for name in measured}
        stated = HALF_WIDTHS.get(parameter.name)
        rows.append(
            (
                parameter.axis_label,
                f"${truth[place]:.2f}$",
                f"${stated:.2f}$" if stated else r"\nodata",
                by["lookup"],
                f"${uncertain(widths.npe[place], widths.npe_error[place])}$",
                by["exact"],
                by["fiducial"],
                f"${uncertain(widths.mcmc[place], widths.mcmc_error[place])}$",
            )
        )
    save_rows("tab_widths", rows)


if __name__ == "__main__":
    run(main)
