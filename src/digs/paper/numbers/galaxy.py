"""Numbers of the text: the galaxy of Fig. 3."""

from digs.base import paths
from digs.config.params import Params
from digs.files.product import read_product
from digs.files.schemas.chains_schema import CHAINS
from digs.files.schemas.posteriors_schema import GALAXY_POSTERIOR
from digs.paper.galaxy_of_fig3 import compare_widths, residuals, rms
from digs.paper.latex_numbers import grouped_integer, plain
from digs.paper.numbers import Numbers


def width(params: Params) -> Numbers:
    """Return how long the chains are, and how the network `paper` compares with them."""
    draws = read_product(paths.DATA / "galaxy_posterior.h5", GALAXY_POSTERIOR)["theta"]
    chains = read_product(paths.DATA / "chains.h5", CHAINS)
    tau = chains["autocorrelation_time"]
    walkers, steps, _ = chains["theta"].shape
    return {
        "chain_walkers": str(walkers),
        "chain_steps": str(steps),
        "autocorrelation_low": plain(tau.min()),
        "autocorrelation_high": plain(tau.max()),
        "reference_steps": grouped_integer(chains.attributes["reference_steps"]),
        "width_ratio_high": plain(compare_widths(draws, chains["reference_theta"]).ratio.max()),
    }


def best_fit(params: Params) -> Numbers:
    """Return how far the best fit is from the noisy and from the true spectrum, in percent."""
    found = residuals(params)
    return {
        "fiducial_data_rms": plain(rms(found["data"])),
        "fiducial_truth_rms": plain(rms(found["truth"])),
        "fiducial_truth_worst": plain(float(found["truth"].max())),
    }


GROUPS = (
    width,
    best_fit,
)
