"""Stage `league`: methods of many kinds, entered in the benchmark on the same terms, timed and scored.

Answers and times stay in .unfinished/league when the stage has ended: another scorer costs no draws.
"""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from digs.base import paths
from digs.base.benchmark import machine, spread
from digs.base.progress import progress
from digs.config.params import load_params
from digs.config.stages.chains_settings import ChainsSettings
from digs.config.stages.league_settings import LeagueSettings
from digs.diagnostics.benchmark.tracks import load_track, track_file
from digs.diagnostics.scores.entries import BenchmarkEntry
from digs.diagnostics.scores.public_scores import scores_of
from digs.files.resumable import ResumableParts
from digs.inference.league import competitors
from digs.inference.league.kept_answers import kept_answer
from digs.inference.league.league_timing import SET_UP, seconds_in_turns
from digs.inference.league.method import FOLDER, Method
from digs.inference.league.sbi_methods import OfSbi
from digs.physics.prior import Prior
from digs.physics.results import write_result
from digs.provenance.records import run_stage


def have_one_thread() -> None:
    """Keep a process to one thread, as others work beside it."""
    torch.set_num_threads(1)
    threadpool_limits(1)


def side_by_side(calls: Mapping[Any, Callable], processes: int, description: str) -> dict[Any, Any]:
    """Return what calls return, each made in a process of one thread."""
    with ProcessPoolExecutor(processes, get_context("spawn"), have_one_thread) as pool:
        futures = {pool.submit(call): name for name, call in calls.items()}
        done = progress(as_completed(futures), total=len(futures), desc=description, unit="entry")
        found = {futures[future]: future.result() for future in done}
    return {name: found[name] for name in calls}


def costs_of(method: Method, track: str, batch: int) -> dict[str, float]:
    """Make the answer of a method to a track, if it is not kept yet, and return what training took."""
    kept_answer(method, track, batch)
    return method.training()


def scores(method: Method, track: str, batch: int, seed: int, seconds: np.ndarray) -> dict[str, Any]:
    """Return the scores of a method on a track, that took so many seconds a galaxy, (repeats,)."""
    answer = kept_answer(method, track, batch)
    optional = {"log_prob": answer.log_prob, "verdicts": answer.verdicts, "seconds": float(np.median(seconds))}
    entry = BenchmarkEntry.of(answer.draws, **optional, name=method.name, description=method.description)
    return scores_of(entry, load_track(track), seed).to_json()


def main() -> None:
    """Let all methods draw, time them, and score them (resumes after an interruption)."""
    params = load_params(LeagueSettings, ChainsSettings)
    settings, processes = params.league, params.threads
    field = competitors.competitors(settings, params.chains, Prior.over(params.prior), params.noise.fraction)
    entries = {(track, method.name): method for track, methods in field.items() for method in methods}
    longest_first = sorted(entries, key=lambda key: not isinstance(entries[key], OfSbi))
    made = {key: partial(costs_of, entries[key], key[0], settings.batch) for key in longest_first}
    training = side_by_side(made, processes, "Draws")
    relevant = params.model_dump(include={"league", "chains", "prior", "noise", "threads"})
    parts = ResumableParts(FOLDER / "timing", relevant, competitors.__file__, *map(track_file, field))
    timing = settings.timing
    seconds = seconds_in_turns(entries, timing.galaxies, timing.repeats, params.threads, parts)
    # replace: what a method was timed with is set up here, and cannot go to other processes
    scored = {
        key: partial(
            scores, replace(method), key[0], settings.batch, settings.seed, float(spread(seconds[key])["median"])
        )
        for key, method in entries.items()
    }
    found = side_by_side(scored, processes, "Scores")
    torch.set_num_threads(params.threads)
    write_result(
        paths.DATA / "league.json",
        {
            **settings.model_dump(),
            "machine": machine(),
            "set_up_seconds": spread(seconds[SET_UP]),
            "tracks": {
                track: [
                    {"seconds": spread(seconds[key]), "training": training[key], **found[key]}
                    for key in ((track, method.name) for method in methods)
                ]
                for track, methods in field.items()
            },
        },
    )


if __name__ == "__main__":
    run_stage(main)
