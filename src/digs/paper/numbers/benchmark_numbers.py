"""Numbers of the text: the benchmark's references, and what trials say of its scores."""

from digs.base import paths
from digs.config.params import Params
from digs.config.theta import NAMES
from digs.diagnostics.scores.measurements import LEVEL
from digs.files.atomic import read_json
from digs.paper.latex_numbers import grouped_integer, percent
from digs.paper.numbers import Numbers


def benchmark(params: Params) -> Numbers:
    """Return what the tracks hold, how well their references are known, and how emcee's differ."""
    found = read_json(paths.DATA / "benchmark.json")
    made, rules, judged = found["made"], params.benchmark.rules, found["against_emcee"]
    result = {
        "benchmark_emcee_galaxies": str(judged["k22"]["galaxies"]),
        "benchmark_noise_emcee_converged": str(judged["noise"]["converged"]),
        "benchmark_rule_effective": grouped_integer(round(rules.effective)),
        "benchmark_rule_evidence_error": f"{rules.log_evidence_error:g}",
        "benchmark_galaxies": grouped_integer(sum(each["references"] for each in made.values())),
    }
    for name, each in made.items():
        result[f"benchmark_{name}_galaxies"] = grouped_integer(each["references"])
    for name, each in judged.items():
        ratios = [each["measured"][parameter]["ratio"]["value"] for parameter in NAMES]
        result[f"benchmark_{name}_emcee_ratio_low"] = f"{min(ratios):.3f}"
        result[f"benchmark_{name}_emcee_ratio_high"] = f"{max(ratios):.3f}"
    return result


def scorer(params: Params) -> Numbers:
    """Return how often the scores find fault with exact entries, and with wrong ones."""
    found = read_json(paths.DATA / "scorer.json")
    return {
        "scorer_tests": str(len(found["tests"])),
        "scorer_exact": grouped_integer(found["exact"]),
        "scorer_level": f"{100 * LEVEL:g}",
        "scorer_failing": percent(found["exact_failing"]),
    }


GROUPS = (benchmark, scorer)
