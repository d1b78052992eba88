"""Numbers of the text: the galaxy of Fig. 3."""

from digs.base import paths
from digs.config.params import Params
from digs.config.theta import NAMES
from digs.files.product import read_product
from digs.files.schemas.chains_schema import CHAINS
from digs.files.schemas.posteriors_schema import GALAXY_POSTERIOR
from digs.paper.galaxy_of_fig3 import compare_widths, residuals, rms
from digs.paper.latex_numbers import count, grouped_integer, listed, plain, scientific, uncertain
from digs.paper.numbers import Numbers


def width(params: Params) -> Numbers:
    """Return how NPE compares with MCMC on the galaxy of Fig. 3."""
    draws = read_product(paths.DATA / "galaxy_posterior.h5", GALAXY_POSTERIOR)["theta"]
    chains = read_product(paths.DATA / "chains.h5", CHAINS)
    widths = compare_widths(draws, chains["reference_theta"])
    tau = chains["autocorrelation_time"]
    walkers, steps, _ = chains["theta"].shape
    variables = {
        "chain_calls": scientific(chains.attributes["calls"]),
        "chain_samples": grouped_integer(walkers * steps),
        "chain_walkers": str(walkers),
        "chain_burn_in": listed(params.chains.burn_in),
        "chain_steps": str(steps),
        "acceptance": uncertain(float(chains["acceptance"].mean()), float(chains["acceptance"].std() / walkers**0.5)),
        "autocorrelation_low": plain(tau.min()),
        "autocorrelation_high": plain(tau.max()),
        "reference_steps": grouped_integer(chains.attributes["reference_steps"]),
        "reference_independent": count(walkers * chains.attributes["reference_steps"] / tau.max()),
    }
    for place, name in enumerate(NAMES):
        variables[f"npe_width_{name}"] = uncertain(widths.npe[place], widths.npe_error[place])
        variables[f"mcmc_width_{name}"] = uncertain(widths.mcmc[place], widths.mcmc_error[place])
        variables[f"width_ratio_{name}"] = uncertain(widths.ratio[place], widths.ratio_error[place])
    variables["width_ratio_low"] = plain(widths.ratio.min())
    variables["width_ratio_high"] = plain(widths.ratio.max())
    return variables


def best_fit(params: Params) -> Numbers:
    """Return how far the best fits are from the noisy and from the true spectrum, in percent."""
    variables = {}
    for method, against in residuals(params).items():
        for name, residual in against.items():
            variables[f"{method}_{name}_rms"] = plain(rms(residual))
            variables[f"{method}_{name}_worst"] = plain(float(residual.max()))
    return variables


GROUPS = (
    width,
    best_fit,
)
