"""Stage `nested`: the reference chains against an unrelated sampler, and its evidence against importance sampling."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import torch

from digs.base import paths
from digs.base.progress import progress
from digs.base.statistics import bootstrap_rows, log_evidence, ratio_and_shift, weighted_quantiles, with_error
from digs.config.params import load_params
from digs.config.stages.nested_settings import NestedSettings
from digs.diagnostics.per_parameter import statistic_per_parameter
from digs.exact.likelihood import PosteriorDensity, RelativeDensity
from digs.exact.nested import nested_sample
from digs.files.product import read_product
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.files.schemas.reference_schema import REFERENCE
from digs.inference.importance import log_weights
from digs.inference.posterior import Posterior
from digs.physics.prior import Prior
from digs.physics.results import write_result
from digs.physics.simulator import Simulator
from digs.provenance.records import run_stage

RESAMPLINGS = 400


def sample_galaxy(galaxy: int, noisy_flux: np.ndarray) -> tuple[np.ndarray, dict[str, float]]:
    """Return quantiles of one galaxy's posterior by nested sampling, and its evidence by that and by importance."""
    torch.set_num_threads(1)
    params = load_params(NestedSettings)
    settings, flux = params.nested, torch.as_tensor(noisy_flux)[None]
    density = RelativeDensity(PosteriorDensity(Simulator(), Prior.over(params.prior), flux, params.noise.fraction))
    nested = nested_sample(density, settings.live, settings.networks, settings.sample_size, settings.seed + galaxy)
    posterior = Posterior.load(settings.network)
    draws = posterior.sample(flux, settings.draws, settings.seed)
    by_importance = log_evidence(log_weights(posterior, Simulator(), draws, flux)).item()
    return weighted_quantiles(nested.theta, nested.weight), {
        "log_evidence": nested.log_evidence,
        "log_evidence_by_importance": by_importance,
        "sample_size": nested.size,
        "calls": nested.calls,
    }


def main() -> None:
    """Sample posteriors of the first test galaxies with nautilus, and compare."""
    params = load_params(NestedSettings)
    settings = params.nested
    test = read_product(paths.DATA / "test.h5", OBSERVATIONS)
    chain = read_product(paths.DATA / "reference.h5", REFERENCE)["quantiles"][: settings.galaxies].astype(float)
    number = len(chain)
    with ProcessPoolExecutor(params.threads, get_context("spawn")) as pool:
        found = pool.map(sample_galaxy, range(number), test["noisy_flux"][:number])
        results = list(progress(found, total=number, desc="Nested sampling", unit="galaxy"))
    ratio, shift = ratio_and_shift(np.stack([quantiles for quantiles, _ in results]), chain)
    resampled = bootstrap_rows(number, RESAMPLINGS, settings.seed)
    galaxies = [each for _, each in results]
    evidence = np.array([each["log_evidence_by_importance"] - each["log_evidence"] for each in galaxies])
    measured: dict[str, Any] = statistic_per_parameter({"ratio": ratio, "shift": np.abs(shift)}, np.median, resampled)
    measured["log_evidence_difference"] = with_error(evidence, np.mean, resampled)
    measured["log_evidence_largest_difference"] = float(np.abs(evidence).max())
    write_result(
        paths.DATA / "nested.json",
        {**settings.model_dump(), "galaxies": number, "measured": measured, "each": galaxies},
    )


if __name__ == "__main__":
    run_stage(main)
