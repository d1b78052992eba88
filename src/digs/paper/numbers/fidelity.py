"""Numbers of the text: posteriors by NPE against reference chains, and these against nested sampling."""

from digs.base import paths
from digs.config.model import FAR_BELOW
from digs.config.params import Params
from digs.config.theta import NAMES
from digs.files.atomic import read_json
from digs.paper.latex_numbers import count, grouped_integer, percent, plain, with_its_error
from digs.paper.numbers import Numbers


def fidelity(params: Params) -> Numbers:
    """Return how networks compare with the reference chains and the exact likelihood."""
    reference = read_json(paths.DATA / "reference.json")
    settings = params.reference
    comparison = read_json(paths.DATA / "comparison.json")
    two_sample = read_json(paths.DATA / "two_sample.json")
    result = {
        "two_sample_galaxies": str(two_sample["galaxies"]),
        "two_sample_candidates": grouped_integer(two_sample["candidates"]),
        "reference_galaxies": str(reference["galaxies"]),
        "reference_converged": str(reference["converged"]),
        "reference_walkers": str(settings.walkers),
        "reference_ensembles": str(settings.ensembles),
        "reference_r_hat": plain(settings.r_hat, 3),
        "reference_size": grouped_integer(round(settings.sample_size)),
        "reference_least_size": count(reference["least_sample_size"]),
        "stuck_galaxies": str(comparison["stuck"]["galaxies"]),
        "stuck_share": plain(100 * comparison["stuck"]["largest_share"]),
        "stuck_below": f"{FAR_BELOW:g}",
        "comparison_draws": grouped_integer(comparison["draws"]),
    }
    switch = [comparison["fixed_sigma"][name] for name in NAMES]
    for end, choose in (("low", min), ("high", max)):
        result[f"switch_ratio_{end}"] = plain(choose(each["ratio"]["value"] for each in switch), 3)
        result[f"switch_shift_{end}"] = f"{choose(each['shift']['value'] for each in switch):.2f}"
    for name, numbers in two_sample["measured"].items():
        result[f"two_sample_{name}"] = with_its_error(numbers)
    for network, numbers in comparison["measured"].items():
        ratios = [numbers[name]["ratio"]["value"] for name in NAMES]
        shifts = [numbers[name]["shift"]["value"] for name in NAMES]
        result[f"{network}_ratio_low"], result[f"{network}_ratio_high"] = (f"{f(ratios):.3f}" for f in (min, max))
        result[f"{network}_ratio_error"] = plain(max(numbers[name]["ratio"]["error"] for name in NAMES), 1)
        result[f"{network}_shift_low"], result[f"{network}_shift_high"] = (plain(f(shifts)) for f in (min, max))
        for key in ("efficiency", "efficiency_5"):
            result[f"{network}_{key}"] = percent(numbers[key])
        result[f"{network}_excess"] = with_its_error(numbers["excess_loss"])
    return result


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
        "nested_shift": plain(max(measured[name]["shift"]["value"] for name in NAMES)),
        "nested_evidence": with_its_error(difference),
        "nested_evidence_worst": plain(measured["log_evidence_largest_difference"]),
    }


def choices(params: Params) -> Numbers:
    """Return of how many galaxies, and how well, exact posteriors with other choices are known."""
    found = read_json(paths.DATA / "choices.json")
    return {
        "choices_galaxies": str(found["galaxies"]),
        "choices_draws": grouped_integer(params.choices.draws),
        "choices_least_effective": grouped_integer(int(min(found["least_effective"].values()))),
    }


GROUPS = (
    choices,
    fidelity,
    nested,
)
