"""Numbers of the text: the gas that the released network of Khullar et al. (2022) was trained with."""

from digs.base import paths
from digs.config.params import Params
from digs.files.atomic import read_json
from digs.paper.khullar2022 import HALF_WIDTHS
from digs.paper.latex_numbers import plain, with_its_error
from digs.paper.numbers import Numbers

# half-width in metallicity by `lookup`, for the galaxy of Fig. 3, when the gas was that of the stars: of the last
# version of this work that had it, lookup_experiment.json at commit 9bcb6be
WITH_GAS_OF_STARS = {"value": 0.2072, "error": 0.0021}


def gas(params: Params) -> Numbers:
    """Return how mean spectra with either gas differ from the mean that the released network holds."""
    found = read_json(paths.DATA / "which_gas.json")
    solar, stars = (found["measured"][kind] for kind in ("solar", "stars"))
    return {
        "which_gas_solar": plain(solar["rms"]),
        "which_gas_stars": plain(stars["rms"]),
        "which_gas_stars_worst": plain(abs(stars["worst"])),
        "which_gas_bar": f"{found['bar']:g}",
    }


def lookup(params: Params) -> Numbers:
    """Return what the gas does to the width in metallicity that the lookup leads to."""
    measured = read_json(paths.DATA / "lookup_experiment.json")["measured"]["lookup"]["galaxy"]["logzsol"]
    now, before = measured["half_width"], WITH_GAS_OF_STARS
    explained = (now["value"] - before["value"]) / (HALF_WIDTHS["logzsol"] - before["value"])
    return {
        "which_gas_lookup": with_its_error(now),
        "which_gas_lookup_before": with_its_error(before),
        "which_gas_explained": plain(100 * explained),
    }


GROUPS = (gas, lookup)
