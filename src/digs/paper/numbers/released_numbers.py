"""Numbers of the text: the audit of the network that Khullar et al. (2022) have released."""

from digs.base import paths
from digs.config.params import Params
from digs.config.theta import NAMES
from digs.files.atomic import read_json
from digs.paper.latex_numbers import grouped_integer, plain, with_its_error
from digs.paper.numbers import Numbers

_PUBLISHED = 2**0.5  # times the half-width: the error bar of their notebook


def released(params: Params) -> Numbers:
    """Return losses, widths, coverage and ranks of their network and of one that is trained by their recipe."""
    found = read_json(paths.DATA / "released_network.json")
    measured = found["measured"]
    numbers = {
        "released_spectra": grouped_integer(found["spectra"]),
        "released_pairs": grouped_integer(found["pairs"]),
        "released_draws": str(found["draws"]),
        "released_mean_rms": plain(found["mean_rms"]),
        "released_mean_worst": plain(abs(found["mean_worst"])),
        "released_std_low": plain(found["std_ratio_range"][0], 3),
        "released_std_high": plain(found["std_ratio_range"][1], 3),
        "released_above_recipe": with_its_error(found["released_above_recipe"]["exact"]),
        "recipe_epochs": str(found["recipe_epochs"]),
        "recipe_best_epoch": str(found["recipe_best_epoch"]),
        "released_exact_loss": with_its_error(measured["exact_posterior"]["exact"]["loss"]["posterior"]),
    }
    for network in ("released", "recipe"):
        for kind in ("exact", "lookup", "shifted"):
            case, name = measured[network][kind], f"{network}_{kind}"
            numbers |= {
                f"{name}_loss": with_its_error(case["loss"]["posterior"]),
                f"{name}_share": plain(100 * case["share_inside"]["value"]),
                f"{name}_p": plain(min(case["parameters"][each]["uniform_ranks_p_value"] for each in NAMES), 1),
            }
            for parameter in NAMES:
                of_parameter = case["parameters"][parameter]
                numbers[f"{name}_coverage_{parameter}"] = with_its_error(of_parameter["coverage_68"])
                numbers[f"{name}_width_{parameter}"] = with_its_error(of_parameter["half_width"])
        for parameter in NAMES:
            width = measured[network]["galaxy"][parameter]["half_width"]
            numbers[f"{network}_galaxy_{parameter}"] = with_its_error(width)
            numbers[f"{network}_galaxy_{parameter}_notebook"] = plain(_PUBLISHED * width["value"])
    return numbers


GROUPS = (released,)
