"""Stage `posteriors`: NPE's draws for the test set and for the galaxy of Fig. 3."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import numpy as np
import torch

from digs.base import paths
from digs.base.statistics import QUANTILES
from digs.config.params import load_params
from digs.config.stages.posteriors_settings import PosteriorsSettings
from digs.diagnostics.ranks import ranks
from digs.files.product import read_product, write_product
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.files.schemas.posteriors_schema import GALAXY_POSTERIOR, POSTERIORS
from digs.inference.batches import draws_in_batches
from digs.inference.posterior import Posterior
from digs.provenance.records import run_stage

AT_ONCE = 25  # galaxies


def main() -> None:
    """Draw from the network's posteriors of the test galaxies and of the galaxy of Fig. 3."""
    params = load_params(PosteriorsSettings)
    settings = params.posteriors
    torch.set_num_threads(params.threads)
    posterior = Posterior.load(settings.network)
    test = read_product(paths.DATA / "test.h5", OBSERVATIONS)
    flux, truth = test["noisy_flux"], test["theta"]
    batches = draws_in_batches(posterior, flux, settings.draws, settings.seed, AT_ONCE, "NPE draws")
    draws = np.concatenate([drawn.numpy() for _, drawn in batches])
    common = {
        "seed": settings.seed,
        "network": settings.network,
        "parameters": params.model_dump(include={"posteriors"}),
        "sps_label": test.attributes["sps_label"],
    }
    write_product(
        paths.DATA / "posteriors.h5",
        POSTERIORS,
        {
            "theta": truth,
            "draws": draws,
            "rank": ranks(draws, truth),
            "quantiles": np.quantile(draws, QUANTILES, axis=1).swapaxes(0, 1),
            "log_prob_truth": posterior.log_prob(truth[:, None], flux)[:, 0].numpy(),
        },
        **common,
    )
    galaxy = read_product(paths.DATA / "galaxy.h5", OBSERVATIONS)
    theta = posterior.sample(galaxy["noisy_flux"], settings.galaxy_draws, settings.seed)
    write_product(
        paths.DATA / "galaxy_posterior.h5",
        GALAXY_POSTERIOR,
        {"theta": theta[0].numpy(), "log_prob": posterior.log_prob(theta, galaxy["noisy_flux"])[0].numpy()},
        **common,
    )


if __name__ == "__main__":
    run_stage(main)
