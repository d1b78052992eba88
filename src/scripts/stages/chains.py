"""Stage `chains`: emcee on the galaxy of Fig. 3, with the paper's settings and a longer walk for reference."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import torch

from digs.base import paths
from digs.base.random_streams import generator
from digs.config.params import load_params
from digs.config.stages.chains_settings import ChainsSettings
from digs.exact.emcee_walk import autocorrelation_time, sample_ensemble, start_from_prior, vectorised
from digs.exact.likelihood import PosteriorDensity
from digs.files.product import read_product, write_product
from digs.files.schemas.chains_schema import CHAINS
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.provenance.records import run_stage


def main() -> None:
    """Sample the posterior of the galaxy of Fig. 3 with emcee on the exact simulator."""
    params = load_params(ChainsSettings)
    settings, prior = params.chains, Prior.over(params.prior)
    torch.set_num_threads(1)  # on half an ensemble at a time, two are slower
    galaxy = read_product(paths.DATA / "galaxy.h5", OBSERVATIONS)
    density = vectorised(
        PosteriorDensity(Simulator(), prior, galaxy["noisy_flux"][0], params.noise.fraction, settings.sigma)
    )
    start = start_from_prior(prior, settings.walkers, generator(settings.seed, "start"))
    chain = sample_ensemble(density, start, settings.burn_in, settings.iterations, settings.seed)
    longer = sample_ensemble(
        density,
        chain.theta[:, -1],
        burn_in=[],
        steps=settings.reference_steps,
        seed=settings.seed + 1,
        thin=settings.reference_thin,
        description="reference",
    )
    write_product(
        paths.DATA / "chains.h5",
        CHAINS,
        {
            "theta": chain.theta,
            "log_prob": chain.log_prob,
            "reference_theta": longer.theta,
            "reference_log_prob": longer.log_prob,
            "acceptance": longer.acceptance,
            "autocorrelation_time": autocorrelation_time(longer.theta, settings.reference_thin),
        },
        seed=settings.seed,
        calls=chain.calls,
        reference_steps=settings.reference_steps,
        parameters=params.model_dump(include={"prior", "noise", "chains"}),
        sps_label=galaxy.attributes["sps_label"],
    )


if __name__ == "__main__":
    run_stage(main)
