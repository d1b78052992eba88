"""Stage `prospector_posteriors`: what Prospector's own likelihood makes of exact posteriors."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import time

import numpy as np
import torch

from digs.base import paths
from digs.base.progress import progress
from digs.base.statistics import efficiency, weighted_mean_and_std
from digs.config.params import load_params
from digs.config.stages.prospector_posteriors_settings import ProspectorPosteriorsSettings
from digs.config.theta import NAMES
from digs.exact.brute_force.grid import Grid
from digs.exact.likelihood import PosteriorDensity
from digs.files.product import read_product
from digs.files.resumable import SCRATCH, ResumableParts
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.physics.prior import Prior
from digs.physics.results import write_result
from digs.physics.simulator import Simulator
from digs.provenance.records import run_stage
from digs.sps.home import sps_data
from digs.sps.prospector_processes import prospector_densities


def main() -> None:
    """Weight draws of exact posteriors to Prospector's own (needs SPS_HOME; resumes)."""
    params = load_params(ProspectorPosteriorsSettings)
    settings, prior, fraction = params.prospector_posteriors, Prior.over(params.prior), params.noise.fraction
    torch.set_num_threads(params.threads)
    test, simulator = read_product(paths.DATA / "test.h5", OBSERVATIONS), Simulator()
    flux = test["noisy_flux"][: settings.galaxies].astype(float)
    # as Prospector has it: error bars that do not depend on theta
    found = Grid(simulator, prior, fraction, sigma="given").posterior(
        flux, settings.draws, settings.seed, sigma=fraction * flux, ids=range(len(flux))
    )
    draws = found.draws.numpy()
    depends = [params.model_dump(include={"prior", "spectrum", "gas", "noise"}), draws.tolist(), sps_data().fingerprint]
    parts = ResumableParts(SCRATCH / "prospector_posteriors", depends, __file__)
    with prospector_densities(params.spectrum, params.gas, settings.processes) as log_prob:
        for galaxy in progress(range(len(flux)), desc="Prospector's posteriors", unit="galaxy"):
            if f"{galaxy}" not in parts:
                begin = time.perf_counter()
                slow = log_prob(draws[galaxy], prior, flux[galaxy], fraction)
                parts.save(f"{galaxy}", np.append(slow, time.perf_counter() - begin))
    *slow, seconds = np.stack([parts.load(f"{galaxy}") for galaxy in range(len(flux))]).T
    densities = [PosteriorDensity(simulator, prior, one, fraction, "data") for one in flux]
    fast = torch.stack([density(theta) for density, theta in zip(densities, found.draws, strict=True)])
    difference = torch.as_tensor(np.stack(slow, 1)) - fast
    log_weight = found.log_weight + difference

    (mean, std), (before, width) = (
        weighted_mean_and_std(draws, weight.softmax(1).numpy()) for weight in (log_weight, found.log_weight)
    )
    scatter = weighted_mean_and_std(difference[..., None].numpy(), found.log_weight.softmax(1).numpy())[1][:, 0]
    shift, ratio = np.abs(mean - before) / width, np.abs(std / width - 1)
    write_result(
        paths.DATA / "prospector_posteriors.json",
        {
            "galaxies": settings.galaxies,
            "draws": settings.draws,
            "calls": int(log_weight.numel()),
            "processes": settings.processes,
            "seconds_per_call": float(np.median(seconds)) / settings.draws,
            "effective": settings.draws * efficiency(log_weight).min().item(),
            "log_density_scatter": {"median": float(np.median(scatter)), "largest": float(scatter.max())},
            "parameters": {
                name: {
                    "largest_shift": float(shift[:, place].max()),
                    "largest_change_of_width": float(ratio[:, place].max()),
                }
                for place, name in enumerate(NAMES)
            },
        },
    )
    parts.forget()


if __name__ == "__main__":
    run_stage(main)
