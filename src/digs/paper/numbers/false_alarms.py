"""The numbers in the text on predictive checks and warning lights, from their products."""

from typing import Any

from digs.base import paths
from digs.config.params import Params
from digs.config.theta import parameters
from digs.diagnostics.corruptions import AGN_SLOPE, BURST_AGE
from digs.files.atomic import read_json
from digs.paper.latex_numbers import grouped_integer, percent, plain, power_of_ten, probability, with_its_error


def predictive_variables(params: Params) -> dict[str, str]:
    """Return what spectra of posterior draws say of the test set."""
    checks = read_json(paths.DATA / "predictive_checks.json")
    measured, settings = checks["measured"], params.predictive_checks
    return {
        "predictive_draws": grouped_integer(checks["draws"]),
        "predictive_draw_p": probability(measured["one_draw"]["uniform_p_value"]),
        "predictive_fit_p": probability(measured["best_fit"]["uniform_p_value"]),
        "predictive_truth": with_its_error(measured["truth"]["mean"]),
        "predictive_weighted": with_its_error(measured["weighted"]["mean"]),
        "predictive_fit": with_its_error(measured["best_fit"]["mean"]),
        "predictive_parameters": with_its_error(checks["parameters"]["rise"]),
        "predictive_missing": with_its_error(checks["parameters"]["missing"]),
        "predictive_least_p": plain(checks["p_value"]["least"]),
        "predictive_most_p": plain(checks["p_value"]["most"], 3),
        "predictive_excluded": percent(checks["excluded_draws"]),
        "predictive_excluded_below": power_of_ten(settings.excluded),
        "predictive_many": f"{100 * settings.many:g}",
        "predictive_excluded_galaxies": percent(checks["galaxies_with_many_excluded"]),
    }


def _caught(found: dict[str, Any]) -> tuple[float, int]:
    """Of one corruption at all strengths: the share of rejected spectra that are detected, and their number."""
    shares = [each["detected_of_rejected"] for each in found["strengths"].values() if each["detected_of_rejected"]]
    cases = sum(share["cases"] for share in shares)
    return sum(share["value"] * share["cases"] for share in shares) / max(cases, 1), cases


def light_variables(params: Params) -> dict[str, str]:
    """Return what the warning lights detect, and what they cannot."""
    content, lights = (read_json(paths.DATA / f"{name}.json") for name in ("warning_lights", "lights"))
    exact, prospector = (content["checked"][name] for name in ("exact", "prospector"))
    caught = {kind: _caught(found) for kind, found in content["measured"].items()}
    least = min((kind for kind, (_, cases) in caught.items() if cases), key=lambda kind: caught[kind][0])
    rejected = sum(cases for _, cases in caught.values())
    biased = [
        (abs(bias["value"]), found["label"], strength, name, each)
        for found in content["measured"].values()
        for strength, each in found["strengths"].items()
        for name, bias in (each["bias"] or {}).items()
    ]
    size, label, strength, name, numbers = max(biased, key=lambda each: each[0])
    return {
        "agn_slope": f"{AGN_SLOPE:g}",
        "burst_age": f"{BURST_AGE:g}",
        "lights_false_alarms": f"{100 * content['false_alarms']:g}",
        "lights_rejected_at": f"{100 * content['rejected']:g}",
        "lights_draws": str(content["draws"]),
        "lights_spectra": grouped_integer(content["spectra"]),
        "lights_number": str(len(lights["thresholds"])),
        "lights_galaxies": str(content["galaxies"]),
        "lights_each": plain(100 * lights["each"]),
        "lights_alarms_exact": percent(exact["detected"]),
        "lights_alarms_prospector": percent(prospector["detected"]),
        "lights_rejected_exact": percent(exact["rejected"]),
        "lights_outside_exact": percent(exact["outside"]),
        "lights_freedom": plain(lights["freedom"], 4),
        "lights_rejected_spectra": grouped_integer(rejected),
        "lights_caught_all": plain(100 * sum(share * cases for share, cases in caught.values()) / rejected, 4),
        "lights_caught_least": plain(100 * caught[least][0], 3),
        "lights_caught_least_kind": content["measured"][least]["label"],
        "lights_worst_bias": plain(size),
        "lights_worst_kind": f"{label}, {strength}",
        "lights_worst_parameter": next(each.label for each in parameters(params.prior) if each.name == name),
        "lights_worst_detected": percent(numbers["detected"]),
        "lights_worst_rejected": percent(numbers["rejected"]),
    }


GROUPS = (light_variables, predictive_variables)
