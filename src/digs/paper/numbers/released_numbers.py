"""Numbers of the text: the audit of the network that Khullar et al. (2022) have released."""

from digs.base import paths
from digs.config.params import Params
from digs.files.atomic import read_json
from digs.paper.latex_numbers import compact, grouped_integer, plain, uncertain, with_its_error
from digs.paper.numbers import Numbers

_PUBLISHED = 2**0.5  # times the half-width: the error bar of their notebook


def recipe(params: Params) -> Numbers:
    """Return what a network by their recipe is trained with."""
    found = read_json(paths.DATA / "released_network.json")
    settings = params.released_recipe
    return {
        "recipe_pairs": compact(settings.pairs, 1),
        "recipe_batch_size": str(settings.batch_size),
        "recipe_patience": str(settings.patience),
        "recipe_epochs": str(found["recipe_epochs"]),
    }


def released(params: Params) -> Numbers:
    """Return losses, widths and coverage of their network and of the one by their recipe, and what sets them apart."""
    found = read_json(paths.DATA / "released_network.json")
    measured = found["measured"]
    theirs, ours = measured["released"], measured["recipe"]
    losses = {
        f"{name}_{kind}_loss": with_its_error(numbers[kind]["loss"]["posterior"])
        for name, numbers in (("released", theirs), ("recipe", ours))
        for kind in ("exact", "shifted")
    }
    shifted, exact = theirs["shifted"]["loss"]["posterior"], ours["exact"]["loss"]["posterior"]
    width = theirs["galaxy"]["logmass"]["half_width"]
    return (
        losses
        | {
            "released_pairs": grouped_integer(found["pairs"]),
            "released_spectra": grouped_integer(found["spectra"]),
            "released_draws": str(found["draws"]),
            "released_exact_galaxies": str(found["exact_galaxies"]),
            "released_above": uncertain(
                theirs["exact"]["loss"]["posterior"]["value"] - exact["value"],
                (theirs["exact"]["loss"]["posterior"]["error"] ** 2 + exact["error"] ** 2) ** 0.5,
            ),
            "released_shifted_above": uncertain(
                shifted["value"] - exact["value"], (shifted["error"] ** 2 + exact["error"] ** 2) ** 0.5
            ),
            "released_mean_rms": plain(found["mean_rms"]),
            "released_mean_worst": plain(abs(found["mean_worst"])),
            "released_mean_worst_at": f"{found['mean_worst_wavelength']:.0f}",
            "released_std_low": plain(found["std_ratio_range"][0], 3),
            "released_std_high": plain(found["std_ratio_range"][1], 3),
            "released_galaxy_logmass": with_its_error(width),
            "released_galaxy_logmass_notebook": plain(_PUBLISHED * width["value"]),
            "recipe_galaxy_logmass": with_its_error(ours["galaxy"]["logmass"]["half_width"]),
        }
        | {
            f"{name}_exact_coverage_{parameter}": with_its_error(
                numbers["exact"]["parameters"][parameter]["coverage_68"]
            )
            for name, numbers in (("released", theirs), ("recipe", ours))
            for parameter in ("logmass", "dust2")
        }
    )


GROUPS = (recipe, released)
