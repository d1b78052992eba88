"""Stage `calibration`: ranks, coverage and recovery over the test set."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from typing import Any

import numpy as np

from digs.base import paths
from digs.base.progress import progress
from digs.base.statistics import bootstrap_rows
from digs.config.params import load_params
from digs.config.stages.calibration_settings import CalibrationSettings
from digs.config.theta import parameters
from digs.diagnostics.per_parameter import numbers_per_parameter
from digs.diagnostics.ranks import (
    central,
    coverage,
    named_coverage,
    rank_cdf,
    rank_counts,
    recovery,
    uniform_cdf_band,
    uniform_count_band,
    uniformity_p_value,
)
from digs.files.atomic import write_json
from digs.files.product import read_product, write_product
from digs.files.schemas.calibration_schema import CALIBRATION
from digs.files.schemas.posteriors_schema import POSTERIORS
from digs.provenance.records import run_stage


def summaries(rank: np.ndarray, draws: int, quantiles: np.ndarray, truth: np.ndarray) -> dict[str, np.ndarray]:
    """Return all headline numbers of a set of galaxies, each of shape (5,)."""
    return recovery(quantiles, truth) | named_coverage(rank, draws)


def main() -> None:
    """Measure calibration and recovery of the network's posteriors over the test set."""
    params = load_params(CalibrationSettings)
    settings = params.calibration
    posteriors = read_product(paths.DATA / "posteriors.h5", POSTERIORS)
    truth, rank, quantiles = (posteriors[name] for name in ("theta", "rank", "quantiles"))
    galaxies, draws = posteriors["draws"].shape[:2]
    rows = bootstrap_rows(galaxies, settings.bootstrap, settings.seed)
    level = np.linspace(0, 1, settings.levels + 1)

    measured = summaries(rank, draws, quantiles, truth)
    resampled: dict[str, list[np.ndarray]] = {name: [] for name in measured}
    resampled_coverage = []
    for row in progress(rows, desc="Resampling", unit="test set"):
        for name, value in summaries(rank[row], draws, quantiles[row], truth[row]).items():
            resampled[name].append(value)
        resampled_coverage.append(coverage(rank[row], draws, level))

    write_product(
        paths.DATA / "calibration.h5",
        CALIBRATION,
        {
            "rank_counts": rank_counts(rank, draws, settings.rank_bins),
            "count_band": uniform_count_band(galaxies, settings.rank_bins),
            "level": level,
            "rank_cdf": rank_cdf(rank, draws, level),
            "cdf_band": uniform_cdf_band(galaxies, level),
            "coverage": coverage(rank, draws, level),
            "coverage_band": np.percentile(resampled_coverage, (16, 84), axis=0),
        },
        seed=settings.seed,
        galaxies=galaxies,
        network=posteriors.attributes["network"],
        sps_label=posteriors.attributes["sps_label"],
    )

    errors = {name: np.std(values, axis=0) for name, values in resampled.items()}
    p_values = uniformity_p_value(rank, draws)
    box = parameters(params.prior)
    # the paper shows truths in the central 68% of each prior range
    inside = central(truth, np.array([p.low for p in box]), np.array([p.high for p in box]))
    metrics: dict[str, dict[str, Any]] = numbers_per_parameter(measured, errors)
    for place, numbers in enumerate(metrics.values()):
        numbers["uniform_ranks_p_value"] = float(p_values[place])
        chosen = inside[:, place]
        numbers["correlation_central"] = float(recovery(quantiles[chosen], truth[chosen])["correlation"][place])
    write_json(
        paths.DATA / "calibration.json",
        {
            "sps_label": posteriors.attributes["sps_label"],
            "network": posteriors.attributes["network"],
            "galaxies": galaxies,
            "draws": draws,
            "parameters": metrics,
        },
    )


if __name__ == "__main__":
    run_stage(main)
