"""Numbers of the text: posteriors by NPE against reference chains, and these against nested sampling."""

from digs.base import paths
from digs.config.model import FAR_BELOW
from digs.config.params import Params
from digs.config.theta import NAMES
from digs.files.atomic import read_json
from digs.paper.latex_numbers import grouped_integer, percent, plain, with_its_error
from digs.paper.numbers import Numbers


def fidelity(params: Params) -> Numbers:
    """Return how networks compare with the reference chains and the exact likelihood."""
    reference = read_json(paths.DATA / "reference.json")
    settings = params.reference
    comparison = read_json(paths.DATA / "comparison.json")
    two_sample = read_json(paths.DATA / "two_sample.json")
    result = {
        "reference_galaxies": str(reference["galaxies"]),
        "reference_r_hat": plain(settings.r_hat, 3),
        "reference_size": grouped_integer(round(settings.sample_size)),
        "stuck_galaxies": str(comparison["stuck"]["galaxies"]),
        "stuck_below": f"{FAR_BELOW:g}",
    }
    switch = [comparison["fixed_sigma"][name] for name in NAMES]
    for end, choose in (("low", min), ("high", max)):
        result[f"switch_ratio_{end}"] = plain(choose(each["ratio"]["value"] for each in switch), 3)
        result[f"switch_shift_{end}"] = f"{choose(each['shift']['value'] for each in switch):.2f}"
    measured = comparison["measured"]
    for network in ("exact", "fiducial"):
        ratios = [measured[network][name]["ratio"]["value"] for name in NAMES]
        result[f"{network}_ratio_low"], result[f"{network}_ratio_high"] = (f"{f(ratios):.3f}" for f in (min, max))
        result[f"{network}_efficiency"] = percent(measured[network]["efficiency"])
        result[f"{network}_excess"] = with_its_error(measured[network]["excess_loss"])
    shifts = [measured["fiducial"][name]["shift"]["value"] for name in NAMES]
    return result | {
        "fiducial_shift_low": plain(min(shifts)),
        "fiducial_shift_high": plain(max(shifts)),
        "fiducial_efficiency_5": percent(measured["fiducial"]["efficiency_5"]),
        "two_sample_fiducial": with_its_error(two_sample["measured"]["fiducial"]),
    }


def nested(params: Params) -> Numbers:
    """Return how the reference chains compare with nested sampling."""
    nested = read_json(paths.DATA / "nested.json")
    measured = nested["measured"]
    ratios = [measured[name]["ratio"]["value"] for name in NAMES]
    difference = measured["log_evidence_difference"]
    return {
        "nested_galaxies": str(nested["galaxies"]),
        "nested_ratio_low": plain(min(ratios), 3),
        "nested_ratio_high": plain(max(ratios), 3),
        "nested_evidence": with_its_error(difference),
        "nested_evidence_worst": plain(measured["log_evidence_largest_difference"]),
    }


def choices(params: Params) -> Numbers:
    """Return of how many galaxies, and how well, exact posteriors with other choices are known."""
    found = read_json(paths.DATA / "choices.json")
    return {
        "choices_galaxies": str(found["galaxies"]),
    }


GROUPS = (
    choices,
    fidelity,
    nested,
)
