"""Stage `benchmark`: spectra of three tracks with exact posteriors, checked by rules and by emcee."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from digs.base import paths
from digs.base.statistics import QUANTILES
from digs.config.params import load_params
from digs.config.stages.benchmark_settings import BenchmarkSettings
from digs.config.stages.warning_lights_settings import WarningLightsSettings
from digs.diagnostics.benchmark.blocks import in_blocks
from digs.diagnostics.benchmark.mock_spectra import corrupted_spectra, spectra_of_any_noise, spectra_of_the_model
from digs.diagnostics.benchmark.reference_report import against_chains, check_references, making_of, rounding_of
from digs.diagnostics.benchmark.references import Reference, ReferenceSampler
from digs.diagnostics.benchmark.track_arrays import track_arrays
from digs.diagnostics.benchmark.tracks import load_track, track_file
from digs.diagnostics.benchmark.walked_posteriors import from_rows, to_rows, walked_posteriors
from digs.diagnostics.corruptions import OTHER_SPS_FILE
from digs.files.product import write_product
from digs.files.resumable import SCRATCH, ResumableParts
from digs.files.schemas.benchmark_schema import BENCHMARK
from digs.physics.prior import Prior
from digs.physics.results import write_result
from digs.physics.simulator import Simulator
from digs.physics.stored_populations import POPULATIONS_FILE, stored_populations
from digs.provenance.records import run_stage

WALKED = ("k22", "noise")  # the tracks that emcee is run on
ROUNDED = 100  # references of a track in which the effect of rounding is found


def have_one_thread() -> None:
    """Keep a process to one thread, as others work beside it."""
    torch.set_num_threads(1)
    threadpool_limits(1)


@cache
def sampler() -> ReferenceSampler:
    """Return what makes the references, once in each process."""
    params = load_params(BenchmarkSettings)
    return ReferenceSampler(Simulator(), Prior.over(params.prior), params.noise.fraction, params.benchmark)


def references(flux: np.ndarray, sigma: np.ndarray | None) -> np.ndarray:
    """Return the references of some galaxies, a row each."""
    return np.stack([one.row() for one in sampler()(flux, sigma)])


def chains(flux: np.ndarray, sigma: np.ndarray | None) -> np.ndarray:
    """Return what is kept of the chains of some galaxies, a row each."""
    settings = sampler().settings
    return to_rows(walked_posteriors(sampler(), flux, sigma, settings.emcee, settings.seed))


def main() -> None:
    """Make spectra, sample their posteriors, check them, and store them (resumes after an interruption)."""
    params = load_params(BenchmarkSettings, WarningLightsSettings)
    settings, fraction, prior = params.benchmark, params.noise.fraction, Prior.over(params.prior)
    number, walks, seed = settings.galaxies.model_dump(), settings.emcee, settings.seed
    strengths, simulator = params.warning_lights.corruptions, Simulator()
    corrupted, done = corrupted_spectra(simulator, prior, fraction, strengths, number["corrupted"], seed, "corrupted")
    spectra = {
        "k22": spectra_of_the_model(simulator, prior, fraction, number["k22"], seed, "k22"),
        "noise": spectra_of_any_noise(simulator, prior, settings.noise, number["noise"], seed, "noise"),
        "corrupted": corrupted,
    }
    relevant = params.model_dump(include={"benchmark", "prior", "noise"})
    inputs = (POPULATIONS_FILE, OTHER_SPS_FILE)
    parts = ResumableParts(SCRATCH / "benchmark", {**relevant, "strengths": strengths}, __file__, *inputs)
    found, measured = {}, {}
    with ProcessPoolExecutor(params.threads, get_context("spawn"), have_one_thread) as pool:
        for name, each in spectra.items():
            rows = in_blocks(references, f"references {name}", each, number[name], settings.at_once, pool, parts)
            found[name] = [Reference.of_row(row) for row in rows]
        for name in WALKED:
            galaxies = min(walks.galaxies, number[name])
            rows = in_blocks(chains, f"emcee {name}", spectra[name], galaxies, walks.at_once, pool, parts)
            quantiles = np.stack([one.quantiles for one in found[name][:galaxies]])
            measured[name] = against_chains(quantiles, from_rows(rows), seed)
    for name, each in found.items():
        check_references(name, each, settings.rules)
    made: dict[str, Any] = {}
    for name, each in found.items():
        arrays = track_arrays(spectra[name], each, prior, with_truths=name != "corrupted")
        attributes = {"levels": QUANTILES, "parameters": relevant, "sps_label": stored_populations().label}
        write_product(track_file(name), BENCHMARK[name], arrays, **attributes)
        track = load_track(name).of_galaxies(slice(ROUNDED))
        rounding = rounding_of(track, np.stack([one.draws for one in each[:ROUNDED]]))
        made[name] = {**making_of(each), "rounding_of_log_likelihood": rounding}
    truths = [{**one, "theta": theta.tolist()} for one, theta in zip(done, corrupted.theta, strict=True)]
    write_result(paths.DATA / "benchmark_corruptions.json", {"galaxies": truths})
    write_result(paths.DATA / "benchmark.json", {**settings.model_dump(), "made": made, "against_emcee": measured})
    parts.forget()


if __name__ == "__main__":
    run_stage(main)
