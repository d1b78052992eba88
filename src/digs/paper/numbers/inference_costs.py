"""Numbers of the text: what a posterior costs."""

from digs.config.params import Params
from digs.files.atomic import read_json
from digs.paper import amortisation as costs
from digs.paper.latex_numbers import count, from_to, grouped_integer, plain, scientific
from digs.paper.numbers import Numbers


def cost(params: Params) -> Numbers:
    """Return what a posterior costs, and when training pays."""
    timing = read_json(costs.TIMING)
    fits = timing["fit_seconds"]
    result = {
        "mcmc_seconds": plain(fits["exact"]["median"]),
        "mcmc_seconds_range": from_to(fits["exact"]["low"], fits["exact"]["high"]),
        "mcmc_together_seconds": plain(fits["exact_together"]["median"]),
        "mcmc_together_seconds_range": from_to(fits["exact_together"]["low"], fits["exact_together"]["high"]),
        "fits_at_once": str(timing["fits_at_once"]),
        "mcmc_prospector_hours": plain(fits["prospector"]["median"] / costs.HOUR),
        "simulator_gain": count(timing["fit_ratio"]["median"]),
        "timing_draws": grouped_integer(timing["draws"]),
        "timing_posterior_galaxies": str(timing["posterior_galaxies"]),
        "timing_most_pixels": str(timing["pixels"][-1]),
    }
    for name, network in timing["networks"].items():
        each, sbi, exact, prospector = (
            network["posterior_seconds"],
            network["ratio_to_sbi"],
            network["against"]["exact"],
            network["against"]["prospector"],
        )
        result |= {
            f"{name}_npe_ms": plain(1e3 * each["median"]),
            f"{name}_npe_ms_range": from_to(1e3 * each["low"], 1e3 * each["high"]),
            f"{name}_sbi_ratio": plain(sbi["median"]),
            f"{name}_sbi_ratio_range": from_to(sbi["low"], sbi["high"]),
            f"{name}_per_fit_together": count(network["against"]["exact_together"]["galaxies_per_fit"]["median"]),
            f"{name}_per_fit": count(exact["galaxies_per_fit"]["median"]),
            f"{name}_break_even": count(exact["break_even"]["median"]),
            f"{name}_per_prospector_fit": scientific(prospector["galaxies_per_fit"]["median"]),
            f"{name}_per_prospector_fit_trained": scientific(prospector["galaxies_per_fit_with_training"]["median"]),
            f"{name}_break_even_prospector": plain(prospector["break_even"]["median"]),
            f"{name}_pixels_factor": plain(network["pixels"][-1]["median"] / network["pixels"][0]["median"]),
        }
    return result


GROUPS = (cost,)
