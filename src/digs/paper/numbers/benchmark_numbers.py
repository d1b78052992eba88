"""Numbers of the text: the benchmark's references, and what trials say of its scores."""

from typing import Any

from digs.base import paths
from digs.config.params import Params
from digs.config.theta import NAMES
from digs.diagnostics.scores.measurements import LEVEL
from digs.files.atomic import read_json
from digs.paper.latex_numbers import grouped_integer, percent, plain, probability
from digs.paper.numbers import Numbers

_ERROR = "log_evidence_error"


def benchmark(params: Params) -> Numbers:
    """Return what the tracks hold, how well their references are known, and how emcee's differ."""
    found = read_json(paths.DATA / "benchmark.json")
    made, rules = found["made"], params.benchmark.rules
    result = {
        "benchmark_draws": grouped_integer(found["draws"]),
        "benchmark_rule_effective": grouped_integer(round(rules.effective)),
        "benchmark_rule_evidence_error": f"{rules.log_evidence_error:g}",
        "benchmark_least_effective": grouped_integer(int(min(each["worst"]["effective"] for each in made.values()))),
        "benchmark_evidence_error": plain(max(each["worst"][_ERROR] for each in made.values())),
        "benchmark_galaxies": grouped_integer(sum(each["references"] for each in made.values())),
        "benchmark_signal_low": f"{found['noise']['signal_to_noise'][0]:g}",
        "benchmark_signal_high": f"{found['noise']['signal_to_noise'][1]:g}",
        "benchmark_gaps": f"{100 * max(found['noise']['gaps']):g}",
    }
    for name, each in made.items():
        result[f"benchmark_{name}_galaxies"] = grouped_integer(each["references"])
        result[f"benchmark_{name}_mixtures"] = grouped_integer(each["references"] - each["by_grid"])
    for name, each in found["against_emcee"].items():
        result |= _emcee(f"benchmark_{name}_emcee", each)
    return result


def _emcee(prefix: str, found: dict[str, Any]) -> Numbers:
    """How emcee's posteriors differ from the references of a track."""
    ratios = [found["measured"][name]["ratio"]["value"] for name in NAMES]
    return {
        f"{prefix}_galaxies": str(found["galaxies"]),
        f"{prefix}_converged": str(found["converged"]),
        f"{prefix}_ratio_low": f"{min(ratios):.3f}",
        f"{prefix}_ratio_high": f"{max(ratios):.3f}",
        f"{prefix}_shift": plain(max(found["measured"][name]["absolute_shift"]["value"] for name in NAMES)),
    }


def scorer(params: Params) -> Numbers:
    """Return how often the scores find fault with exact entries, and with wrong ones."""
    found = read_json(paths.DATA / "scorer.json")
    wrong = found["wrong_entries"].values()
    return {
        "scorer_tests": str(len(found["tests"])),
        "scorer_exact": grouped_integer(found["exact"]),
        "scorer_galaxies": str(found["galaxies"]),
        "scorer_draws": str(found["draws"]),
        "scorer_level": f"{100 * LEVEL:g}",
        "scorer_failing": percent(found["exact_failing"]),
        "scorer_uniform_p": probability(min(each["uniform_p_value"] for each in found["tests"].values())),
        "scorer_wrong": str(found["wrong"]),
        "scorer_least_found": str(min(each["found"] for each in wrong)),
    }


GROUPS = (benchmark, scorer)
