"""The numbers in the text on predictive checks and warning lights, from their products."""

from typing import Any

from digs.base import paths
from digs.config.params import Params
from digs.config.theta import parameters
from digs.diagnostics.corruptions import AGN_SLOPE, BURST_AGE
from digs.files.atomic import read_json
from digs.paper.latex_numbers import grouped_integer, percent, plain, probability


def predictive_variables(params: Params) -> dict[str, str]:
    """Return what spectra of posterior draws say of the test set."""
    checks = read_json(paths.DATA / "predictive_checks.json")
    measured, settings = checks["measured"], params.predictive_checks
    return {
        "predictive_draw_p": probability(measured["one_draw"]["uniform_p_value"]),
        "predictive_excluded": percent(checks["excluded_draws"]),
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
    exact = content["checked"]["exact"]
    caught = [_caught(found) for found in content["measured"].values()]
    rejected = sum(cases for _, cases in caught)
    biased = [
        (abs(bias["value"]), name, each)
        for found in content["measured"].values()
        for each in found["strengths"].values()
        for name, bias in (each["bias"] or {}).items()
    ]
    size, name, numbers = max(biased, key=lambda each: each[0])
    return {
        "agn_slope": f"{AGN_SLOPE:g}",
        "burst_age": f"{BURST_AGE:g}",
        "lights_false_alarms": f"{100 * content['false_alarms']:g}",
        "lights_rejected_at": f"{100 * content['rejected']:g}",
        "lights_number": str(len(lights["thresholds"])),
        "lights_galaxies": str(content["galaxies"]),
        "lights_alarms_exact": percent(exact["detected"]),
        "lights_outside_exact": percent(exact["outside"]),
        "lights_rejected_spectra": grouped_integer(rejected),
        "lights_caught_all": plain(100 * sum(share * cases for share, cases in caught) / rejected, 4),
        "lights_worst_bias": plain(size),
        "lights_worst_parameter": next(each.label for each in parameters(params.prior) if each.name == name),
        "lights_worst_detected": percent(numbers["detected"]),
    }


GROUPS = (light_variables, predictive_variables)
