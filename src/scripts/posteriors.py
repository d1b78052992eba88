"""Stage `posteriors`: NPE's draws for the test set and for the galaxy of Fig. 3."""

import numpy as np
import torch

from digs import paths
from digs.artifacts import read_product, write_product
from digs.calibration import QUANTILES, ranks
from digs.cli import run
from digs.flow import Posterior
from digs.params import load_params
from digs.products import GALAXY_POSTERIOR, OBSERVATIONS, POSTERIORS
from digs.progress import progress

GALAXIES_AT_ONCE = 25


def main() -> None:
    """Draw from the network's posteriors of the test galaxies and of the galaxy of Fig. 3."""
    params = load_params()
    settings = params.posteriors
    torch.set_num_threads(params.threads)
    posterior = Posterior.load(settings.network)
    test = read_product(paths.DATA / "test.h5", OBSERVATIONS)
    flux, truth = test["noisy_flux"], test["theta"]
    starts = range(0, len(flux), GALAXIES_AT_ONCE)
    draws = np.concatenate(
        [
            posterior.sample(flux[start : start + GALAXIES_AT_ONCE], settings.draws, settings.seed + start).numpy()
            for start in progress(starts, desc="NPE draws", unit=f"{GALAXIES_AT_ONCE} galaxies")
        ]
    )
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
    run(main)
