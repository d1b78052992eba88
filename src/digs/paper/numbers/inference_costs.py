"""Numbers of the text: what a posterior costs."""

from digs.config.params import Params
from digs.files.atomic import read_json
from digs.paper import amortisation as costs
from digs.paper.latex_numbers import count, grouped_integer, plain
from digs.paper.numbers import Numbers


def cost(params: Params) -> Numbers:
    """Return what a posterior costs, and when training pays."""
    timing = read_json(costs.TIMING)
    fits = timing["fit_seconds"]
    result = {
        "mcmc_seconds": plain(fits["exact"]["median"]),
        "mcmc_together_seconds": plain(fits["exact_together"]["median"]),
        "fits_at_once": str(timing["fits_at_once"]),
        "mcmc_prospector_hours": plain(fits["prospector"]["median"] / costs.HOUR),
        "simulator_gain": count(timing["fit_ratio"]["median"]),
        "timing_draws": grouped_integer(timing["draws"]),
        "timing_posterior_galaxies": str(timing["posterior_galaxies"]),
        "timing_most_pixels": str(timing["pixels"][-1]),
    }
    for name, network in timing["networks"].items():
        result[f"{name}_sbi_ratio"] = plain(network["ratio_to_sbi"]["median"])
    fiducial = timing["networks"]["fiducial"]
    alone, together = (fiducial["against"][fit] for fit in ("exact", "exact_together"))
    return result | {
        "fiducial_npe_ms": plain(1e3 * fiducial["posterior_seconds"]["median"]),
        "fiducial_per_fit": count(alone["galaxies_per_fit"]["median"]),
        "fiducial_per_fit_together": count(together["galaxies_per_fit"]["median"]),
        "fiducial_break_even_together": count(together["break_even"]["median"]),
        "fiducial_pixels_factor": plain(fiducial["pixels"][-1]["median"] / fiducial["pixels"][0]["median"]),
    }


GROUPS = (cost,)
