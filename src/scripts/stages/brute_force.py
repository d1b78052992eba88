"""Stage `brute_force`: exact posteriors by a grid beside those from a network, chains and nested sampling."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import numpy as np
import torch

from digs.base import paths
from digs.base.benchmark import machine, spread, take_turns
from digs.base.progress import progress
from digs.base.statistics import bootstrap_rows
from digs.config.params import load_params
from digs.config.stages.brute_force_settings import BruteForceSettings
from digs.exact.brute_force.grid import Grid
from digs.files.atomic import read_json
from digs.files.product import read_product
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.files.schemas.reference_schema import REFERENCE
from digs.inference.weighted_sampling import (
    against_chains,
    against_evidence,
    in_batches,
    methods,
    peak_memory,
    shares,
)
from digs.physics.prior import Prior
from digs.physics.results import write_result
from digs.physics.simulator import Simulator
from digs.provenance.records import run_stage


def main() -> None:
    """Weigh draws of the test set that a grid and a network propose, and compare: accuracy, efficiency, time."""
    params = load_params(BruteForceSettings)
    settings, prior, fraction = params.brute_force, Prior.over(params.prior), params.noise.fraction
    torch.set_num_threads(params.threads)
    flux = torch.as_tensor(read_product(paths.DATA / "test.h5", OBSERVATIONS)["noisy_flux"])
    chains = read_product(paths.DATA / "reference.h5", REFERENCE)["quantiles"].astype(float)
    nested = np.array([galaxy["log_evidence"] for galaxy in read_json(paths.DATA / "nested.json")["each"]])
    ways = methods(prior, fraction, settings.network, settings.seed)
    seconds = take_turns(
        {
            "set-up": lambda: Grid(Simulator(), prior, fraction),
            **{
                name: lambda way=way: in_batches(way, flux, settings.draws, settings.batch)
                for name, way in ways.items()
            },
        },
        settings.repeats,
    )
    resampled = bootstrap_rows(len(flux), settings.bootstrap, settings.seed)
    resampled_chains = bootstrap_rows(len(chains), settings.bootstrap, settings.seed)
    found = {}
    for name, way in progress(ways.items(), desc="Accuracy", unit="method"):
        many = in_batches(way, flux[: len(chains)], settings.chain_draws, settings.batch // 10 or 1)
        found[name] = {
            "seconds": spread(seconds[name] / len(flux)),
            **shares(in_batches(way, flux, settings.draws, settings.batch)[1], resampled),
            "against_chains": against_chains(many, chains, resampled_chains),
            "against_nested": against_evidence(many[1][: len(nested)], nested),
        }
    write_result(
        paths.DATA / "brute_force.json",
        {
            **settings.model_dump(),
            "machine": machine(),
            "galaxies": len(flux),
            "reference_galaxies": len(chains),
            "nested_galaxies": len(nested),
            "set_up_seconds": spread(seconds["set-up"]),
            "peak_memory_gb": peak_memory(prior, fraction, flux, settings.draws, settings.batch, params.threads),
            "time_ratio": spread(seconds["network"] / seconds["grid"]),
            "measured": found,
        },
    )


if __name__ == "__main__":
    run_stage(main)
