"""What trials of the scores say of the scores: whether they find what is wrong, and nothing in exact entries."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

from digs.base.statistics import proportion
from digs.diagnostics.scores.analytic_entries import EXACT, Trial


def p_values_report(trials: Sequence[Trial], least: float) -> dict[str, dict[str, Any]]:
    """Return of each test whether its p-values of exact entries are uniform, and how many are small.

    Args:
        least: the probability of Kolmogorov and Smirnov's statistic below which they are not.
    """
    report = {}
    for name in trials[0].p_values:
        values = np.array([each.p_values[name] for each in trials])
        uniform = float(stats.kstest(values, "uniform").pvalue)
        report[name] = {
            "uniform_p_value": uniform,
            "uniform": uniform > least,
            "below_1": proportion(values <= 0.01),
            "below_5": proportion(values <= 0.05),
        }
    return report


def found_report(trials: Sequence[Trial]) -> dict[str, Any]:
    """Return how many wrong entries fail, and how many of them fail each test."""
    names = [name for each in trials for name in each.failed]
    return {
        "entries": len(trials),
        "found": sum(bool(each.failed) for each in trials),
        "by": {name: names.count(name) for name in sorted(set(names))},
    }


def scorer_report(trials: Mapping[str, Sequence[Trial]], uniform: float, failing: float) -> dict[str, Any]:
    """Return what the scores say of all kinds of entries, and whether that is right.

    Args:
        trials: by kind, one of which is EXACT.
        uniform: as `least` of p_values_report.
        failing: the largest share of exact entries that may fail.
    """
    exact = trials[EXACT]
    tests, fails = p_values_report(exact, uniform), proportion(np.array([bool(each.failed) for each in exact]))
    wrong = {kind: found_report(each) for kind, each in trials.items() if kind != EXACT}
    return {
        "tests": tests,
        "exact_failing": fails,
        "wrong_entries": wrong,
        "sound": {
            "uniform": all(each["uniform"] for each in tests.values()),
            "exact_pass": fails["value"] <= failing,
            "wrong_fail": all(each["found"] == each["entries"] for each in wrong.values()),
        },
    }
