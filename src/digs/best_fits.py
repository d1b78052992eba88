"""The best fits of the galaxy of Fig. 3 against its observed and its noiseless spectrum."""

import numpy as np
import torch

from digs import paths
from digs.artifacts import read_product
from digs.products import CHAINS, GALAXY_POSTERIOR, OBSERVATIONS
from digs.simulator import default_simulator
from digs.summaries import best_draw, best_visited


def residuals() -> dict[str, dict[str, np.ndarray]]:
    """|model / spectrum - 1| in percent, shape (pixels,), by method and by spectrum, `data` or `truth`.

    The methods: `npe`, the draw of highest density in the flow's coordinates; `npe_theta`, in theta; `mcmc`, the
    visited point of highest posterior density.
    """
    galaxy = read_product(paths.DATA / "galaxy.h5", OBSERVATIONS)
    posterior = read_product(paths.DATA / "galaxy_posterior.h5", GALAXY_POSTERIOR)
    best = {
        "npe": best_draw(posterior["theta"], posterior["log_prob"]),
        "npe_theta": posterior["theta"][posterior["log_prob"].argmax()],
        "mcmc": best_visited(read_product(paths.DATA / "chains.h5", CHAINS)),
    }
    spectra = {"data": galaxy["noisy_flux"][0], "truth": galaxy["flux"][0]}
    simulator = default_simulator()
    models = {method: simulator(torch.as_tensor(theta)[None]).numpy()[0] for method, theta in best.items()}
    return {
        method: {name: 100 * np.abs(model / flux - 1) for name, flux in spectra.items()}
        for method, model in models.items()
    }


def rms(residual: np.ndarray) -> float:
    return float(np.sqrt(np.mean(residual**2)))
