"""Stage `two_sample`: whether a classifier can tell NPE's draws from those of the reference chains."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context

import numpy as np
import torch
from sbi.utils.metrics import c2st

from digs.base import paths
from digs.base.errors import DigsError
from digs.base.progress import progress
from digs.base.statistics import mean_and_error, resample
from digs.config.params import load_params
from digs.config.stages.two_sample_settings import TwoSampleSettings
from digs.files.product import read_product
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.files.schemas.reference_schema import REFERENCE
from digs.inference.importance import log_weights
from digs.inference.posterior import Posterior
from digs.physics.results import write_result
from digs.physics.simulator import Simulator
from digs.provenance.records import run_stage

load_posterior = cache(Posterior.load)


def accuracies(galaxy: int, noisy_flux: np.ndarray, chain: np.ndarray) -> dict[str, float]:
    """Return the classifier's accuracy for each network, and for draws that were resampled by their weights."""
    torch.set_num_threads(1)
    settings = load_params(TwoSampleSettings).two_sample
    flux, theirs = torch.as_tensor(noisy_flux)[None], torch.as_tensor(chain)
    seed, found = settings.seed + galaxy, {}
    for name in settings.networks:
        draws = load_posterior(name).sample(flux, len(chain), seed)[0]
        found[name] = float(c2st(draws.to(theirs), theirs, seed))
    posterior = load_posterior(settings.resampled)
    candidates = posterior.sample(flux, settings.candidates, seed)
    weights = log_weights(posterior, Simulator(), candidates, flux)
    rows = resample(weights, len(chain), torch.Generator().manual_seed(seed))[0]
    found[f"{settings.resampled}_resampled"] = float(c2st(candidates[0, rows].to(theirs), theirs, seed))
    return found


def main() -> None:
    """Train classifiers on pairs of samples of the same posteriors (sbi's c2st; Lopez-Paz & Oquab 2017)."""
    params = load_params(TwoSampleSettings)
    settings = params.two_sample
    test = read_product(paths.DATA / "test.h5", OBSERVATIONS)
    reference = read_product(paths.DATA / "reference.h5", REFERENCE)
    number = settings.galaxies
    if number > len(reference["draws"]):
        raise DigsError(
            f"two_sample.galaxies is {number}, but there are chains of {len(reference['draws'])} galaxies only; "
            "lower it, or raise reference.galaxies."
        )
    work = range(number), test["noisy_flux"][:number], reference["draws"][:number]
    with ProcessPoolExecutor(params.threads, get_context("spawn")) as pool:
        found = list(progress(pool.map(accuracies, *work), total=number, desc="Two-sample tests", unit="galaxy"))
    values = {name: [each[name] for each in found] for name in found[0]}
    measured = {name: {**mean_and_error(torch.tensor(each)), "values": each} for name, each in values.items()}
    write_result(
        paths.DATA / "two_sample.json",
        {**settings.model_dump(), "draws": reference["draws"].shape[1], "measured": measured},
    )


if __name__ == "__main__":
    run_stage(main)
