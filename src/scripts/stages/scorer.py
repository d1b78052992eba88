"""Stage `scorer`: whether the scores of the benchmark find what is wrong, and nothing in an exact entry."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
from scipy import stats

from digs.base import paths
from digs.base.progress import progress
from digs.base.statistics import proportion
from digs.config.params import load_params
from digs.config.stages.scorer_settings import ScorerSettings
from digs.diagnostics.scores.analytic_entries import EXACT, WRONG, Trial, trial
from digs.physics.results import write_result
from digs.provenance.records import run_stage


def p_values_report(trials: list[Trial], least: float) -> dict[str, dict]:
    """Return of each test whether its p-values are uniform: as Kolmogorov and Smirnov say, with this probability."""
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


def found_report(trials: list[Trial]) -> dict[str, object]:
    """Return how many wrong entries fail, and which tests they fail how often."""
    names = [name for each in trials for name in each.failed]
    return {
        "entries": len(trials),
        "found": sum(bool(each.failed) for each in trials),
        "by": {name: names.count(name) for name in sorted(set(names))},
    }


def main() -> None:
    """Score analytic entries, exact and wrong ones."""
    params = load_params(ScorerSettings)
    settings = params.scorer
    strengths = settings.strengths.model_dump()
    kinds = [EXACT] * settings.exact + [kind for kind in WRONG for _ in range(settings.wrong)]
    how = [strengths.get(kind, 0.0) for kind in kinds]
    seeds = range(settings.seed, settings.seed + len(kinds))
    many = len(kinds)
    with ProcessPoolExecutor(params.threads, get_context("spawn")) as pool:
        work = pool.map(trial, kinds, how, [settings.galaxies] * many, [settings.draws] * many, seeds, chunksize=5)
        trials = list(progress(work, total=many, desc="Analytic entries", unit="entry"))
    exact = [each for kind, each in zip(kinds, trials, strict=True) if kind == EXACT]
    tests = p_values_report(exact, settings.uniform)
    failing = proportion(np.array([bool(each.failed) for each in exact]))
    found = {
        kind: found_report([each for one, each in zip(kinds, trials, strict=True) if one == kind]) for kind in WRONG
    }
    write_result(
        paths.DATA / "scorer.json",
        {
            **settings.model_dump(),
            "tests": tests,
            "exact_failing": failing,
            "wrong_entries": found,
            "sound": {
                "uniform": all(each["uniform"] for each in tests.values()),
                "exact_pass": failing["value"] <= settings.failing,
                "wrong_fail": all(each["found"] == each["entries"] for each in found.values()),
            },
        },
    )


if __name__ == "__main__":
    run_stage(main)
