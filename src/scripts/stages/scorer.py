"""Stage `scorer`: whether the scores of the benchmark find what is wrong, and nothing in an exact entry."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from digs.base import paths
from digs.base.progress import progress
from digs.config.params import load_params
from digs.config.stages.scorer_settings import ScorerSettings
from digs.diagnostics.scores.analytic_entries import EXACT, WRONG, trial
from digs.diagnostics.scores.scorer_report import scorer_report
from digs.physics.results import write_result
from digs.provenance.records import run_stage


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
    by_kind = {
        name: [each for kind, each in zip(kinds, trials, strict=True) if kind == name] for name in (EXACT, *WRONG)
    }
    report = scorer_report(by_kind, settings.uniform, settings.failing)
    write_result(paths.DATA / "scorer.json", {**settings.model_dump(), **report})


if __name__ == "__main__":
    run_stage(main)
