"""Numbers of the text: the galaxy of Fig. 3."""

import numpy as np
import torch

from digs import paths
from digs.artifacts import read_product
from digs.formatting import count, grouped_integer, listed, plain, scientific, uncertain
from digs.numbers import Numbers
from digs.params import load_params
from digs.priors import NAMES
from digs.products import CHAINS, GALAXY_POSTERIOR, OBSERVATIONS
from digs.simulator import default_simulator
from digs.summaries import best_draw, best_visited, compare_widths


def width() -> Numbers:
    """NPE against MCMC on the galaxy of Fig. 3."""
    draws = read_product(paths.DATA / "galaxy_posterior.h5", GALAXY_POSTERIOR)["theta"]
    chains = read_product(paths.DATA / "chains.h5", CHAINS)
    widths = compare_widths(draws, chains["reference_theta"])
    tau = chains["autocorrelation_time"]
    walkers, steps, _ = chains["theta"].shape
    variables = {
        "chain_calls": scientific(chains.attributes["calls"]),
        "chain_samples": grouped_integer(walkers * steps),
        "chain_walkers": str(walkers),
        "chain_burn_in": listed(load_params().chains.burn_in),
        "chain_steps": str(steps),
        "chain_seconds": plain(chains.attributes["seconds"]),
        "acceptance": uncertain(float(chains["acceptance"].mean()), float(chains["acceptance"].std() / walkers**0.5)),
        "autocorrelation_low": plain(tau.min()),
        "autocorrelation_high": plain(tau.max()),
        "chain_independent": plain(walkers * max(1.0, steps / tau.max())),
        "reference_steps": grouped_integer(chains.attributes["reference_steps"]),
        "reference_independent": count(walkers * chains.attributes["reference_steps"] / tau.max()),
    }
    for place, name in enumerate(NAMES):
        variables[f"npe_width_{name}"] = uncertain(widths.npe[place], widths.npe_error[place])
        variables[f"mcmc_width_{name}"] = uncertain(widths.mcmc[place], widths.mcmc_error[place])
        variables[f"width_ratio_{name}"] = uncertain(widths.ratio[place], widths.ratio_error[place])
    variables["width_ratio_low"] = plain(widths.ratio.min())
    variables["width_ratio_high"] = plain(widths.ratio.max())
    return variables


def best_fit() -> Numbers:
    """How far the best fits are from the noisy and from the true spectrum, in percent."""
    galaxy = read_product(paths.DATA / "galaxy.h5", OBSERVATIONS)
    posterior = read_product(paths.DATA / "galaxy_posterior.h5", GALAXY_POSTERIOR)
    chains = read_product(paths.DATA / "chains.h5", CHAINS)
    best = {
        "npe": best_draw(posterior["theta"], posterior["log_prob"]),
        "npe_theta": posterior["theta"][posterior["log_prob"].argmax()],
        "mcmc": best_visited(chains),
    }
    variables = {}
    for method, theta in best.items():
        model = default_simulator()(torch.as_tensor(theta)[None]).numpy()[0]
        for against, flux in (("data", galaxy["noisy_flux"][0]), ("truth", galaxy["flux"][0])):
            residual = 100 * np.abs(model / flux - 1)
            variables[f"{method}_{against}_rms"] = plain(float(np.sqrt(np.mean(residual**2))))
            variables[f"{method}_{against}_worst"] = plain(float(residual.max()))
    return variables


GROUPS = (
    width,
    best_fit,
)
