"""Numbers of the text: the audit of the network that Khullar et al. (2022) have released."""

from collections.abc import Mapping

from digs.base import paths
from digs.config.params import Params
from digs.files.atomic import read_json
from digs.paper.latex_numbers import compact, grouped_integer, plain, uncertain, with_its_error
from digs.paper.numbers import Numbers

_PUBLISHED = 2**0.5  # times the half-width: the error bar of their notebook


def _above(one: Mapping[str, float], other: Mapping[str, float]) -> str:
    """A difference of two losses, whose errors are taken for independent."""
    return uncertain(one["value"] - other["value"], (one["error"] ** 2 + other["error"] ** 2) ** 0.5)


def recipe(params: Params) -> Numbers:
    """Return what a network by their recipe is trained with."""
    settings = params.released_recipe
    return {
        "recipe_pairs": compact(settings.pairs, 1),
        "recipe_batch_size": str(settings.batch_size),
        "recipe_patience": str(settings.patience),
        "recipe_epochs": str(read_json(paths.DATA / "released_network.json")["recipe_epochs"]),
    }


def losses(params: Params) -> Numbers:
    """Return the loss of their network above that of the one by their recipe, and what says why."""
    found = read_json(paths.DATA / "released_network.json")
    (theirs, theirs_shifted), (ours, ours_shifted) = (
        [found["measured"][name][kind]["loss"]["posterior"] for kind in ("exact", "shifted")]
        for name in ("released", "recipe")
    )
    fifths = sorted(found["shifted_above_by_fifths"]["logzsol"], key=lambda fifth: fifth["value"])
    return {
        "released_above": _above(theirs, ours),
        "released_shifted_above": _above(theirs_shifted, ours),
        "recipe_shifted_above": _above(ours_shifted, ours),
        "released_least_above": with_its_error(fifths[0]),
        "released_most_above": with_its_error(fifths[-1]),
        "recipe_above_exact": _above(ours, found["measured"]["exact_posterior"]["exact"]["loss"]["posterior"]),
        "released_pairs": grouped_integer(found["pairs"]),
        "released_exact_galaxies": str(found["exact_galaxies"]),
        "released_mean_rms": plain(found["mean_rms"]),
        "released_mean_worst": plain(abs(found["mean_worst"])),
        "released_mean_worst_at": f"{found['mean_worst_wavelength']:.0f}",
        "released_std_low": plain(found["std_ratio_range"][0], 3),
        "released_std_high": plain(found["std_ratio_range"][1], 4),
    }


def posteriors(params: Params) -> Numbers:
    """Return widths and coverage of both networks."""
    found = read_json(paths.DATA / "released_network.json")
    theirs, ours = (found["measured"][name] for name in ("released", "recipe"))
    width = theirs["galaxy"]["logmass"]["half_width"]
    return {
        "released_spectra": grouped_integer(found["spectra"]),
        "released_draws": str(found["draws"]),
        "released_galaxy_logmass": with_its_error(width),
        "released_galaxy_logmass_notebook": plain(_PUBLISHED * width["value"]),
        "recipe_galaxy_logmass": with_its_error(ours["galaxy"]["logmass"]["half_width"]),
    } | {
        f"{name}_exact_coverage_{parameter}": with_its_error(numbers["exact"]["parameters"][parameter]["coverage_68"])
        for name, numbers in (("released", theirs), ("recipe", ours))
        for parameter in ("logmass", "dust2")
    }


GROUPS = (recipe, losses, posteriors)
