"""Stage `comparison`: how close NPE comes to the exact posteriors, by chains and by importance sampling."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from typing import Any

import numpy as np
import torch

from digs.base import paths
from digs.base.statistics import (
    bootstrap_rows,
    efficiency,
    log_evidence,
    mean_and_error,
    ratio_and_shift,
    with_error,
)
from digs.config.params import load_params
from digs.config.stages.comparison_settings import ComparisonSettings
from digs.config.theta import NAMES
from digs.diagnostics.per_parameter import statistic_per_parameter
from digs.exact.fixed_sigma import change_by_fixed_sigma
from digs.exact.likelihood import PosteriorDensity
from digs.exact.stuck_walkers import share_of_stuck
from digs.files.product import read_product, write_product
from digs.files.schemas.comparison_schema import COMPARISON
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.files.schemas.reference_schema import REFERENCE
from digs.inference.importance import quantiles_and_log_weights
from digs.inference.posterior import Posterior
from digs.physics.prior import Prior
from digs.physics.results import write_result
from digs.physics.simulator import Simulator
from digs.provenance.records import run_stage

AT_ONCE = 20  # galaxies


def compared_with_chains(ratio: np.ndarray, shift: np.ndarray, resampled: np.ndarray) -> dict[str, Any]:
    """Return how half-widths and medians compare over galaxies, parameter by parameter."""
    medians = statistic_per_parameter({"ratio": ratio, "shift": np.abs(shift)}, np.median, resampled)
    return {
        parameter: {
            "ratio": medians[parameter]["ratio"],
            "ratio_16": float(np.quantile(ratio[:, place], 0.16)),
            "ratio_84": float(np.quantile(ratio[:, place], 0.84)),
            "shift": medians[parameter]["shift"],
        }
        for place, parameter in enumerate(NAMES)
    }


def main() -> None:
    """Compare networks with the reference chains, and weigh their draws by the exact likelihood."""
    params = load_params(ComparisonSettings)
    settings, fraction = params.comparison, params.noise.fraction
    torch.set_num_threads(params.threads)
    test = read_product(paths.DATA / "test.h5", OBSERVATIONS)
    reference = read_product(paths.DATA / "reference.h5", REFERENCE)
    flux, theta = torch.as_tensor(test["noisy_flux"]), torch.as_tensor(test["theta"])
    simulator, prior, chains = Simulator(), Prior.over(params.prior), reference["quantiles"].astype(float)
    number = len(chains)
    resampled = bootstrap_rows(number, settings.bootstrap, settings.seed)
    resampled_all = bootstrap_rows(len(flux), settings.bootstrap, settings.seed)
    at_truth = PosteriorDensity(simulator, prior, flux, fraction)(theta)
    arrays: dict[str, list[np.ndarray]] = {"ratio": [], "shift": [], "efficiency": []}
    measured: dict[str, Any] = {}
    log_q: dict[str, torch.Tensor] = {}
    evidences: list[torch.Tensor] = []
    for name in settings.networks:
        posterior = Posterior.load(name)
        quantiles, log_weight = quantiles_and_log_weights(
            posterior, simulator, flux, settings.draws, settings.seed, AT_ONCE
        )
        ratio, shift = ratio_and_shift(quantiles[:number], chains)
        share = efficiency(log_weight).numpy()
        for key, values in (("ratio", ratio), ("shift", shift), ("efficiency", share)):
            arrays[key].append(values)
        log_q[name] = posterior.log_prob(theta[:, None], flux)[:, 0].double()
        evidences.append(log_evidence(log_weight))
        measured[name] = {
            **compared_with_chains(ratio, shift, resampled),
            "efficiency": with_error(share, np.median, resampled_all),
            "efficiency_5": with_error(share, lambda values: np.quantile(values, 0.05), resampled_all),
        }
    most_efficient = np.argmax([measured[name]["efficiency"]["value"] for name in settings.networks])
    exact = at_truth - evidences[most_efficient]  # ln p(theta | x) of the exact posterior
    for name in settings.networks:
        measured[name]["excess_loss"] = mean_and_error(exact - log_q[name])
    of_chains = (simulator, prior, reference["draws"], flux[:number], fraction)
    ratio, shift, share = change_by_fixed_sigma(*of_chains)
    fixed_sigma = statistic_per_parameter({"ratio": ratio, "shift": shift}, np.median, resampled)
    write_product(
        paths.DATA / "comparison.h5",
        COMPARISON,
        {key: np.stack(values) for key, values in arrays.items()},
        networks=list(settings.networks),
        seed=settings.seed,
        sps_label=simulator.sps_label,
    )
    write_result(
        paths.DATA / "comparison.json",
        {
            "galaxies": number,
            "test_galaxies": len(flux),
            "draws": settings.draws,
            "measured": measured,
            "stuck": share_of_stuck(*of_chains),
            "fixed_sigma": {**fixed_sigma, "efficiency": with_error(share, np.median, resampled)},
        },
    )


if __name__ == "__main__":
    run_stage(main)
