"""Stage `timing`: what one posterior costs, by NPE and by MCMC, taking turns."""

import torch

from digs import paths
from digs.artifacts import read_product, write_json
from digs.benchmark import machine, spread, take_turns
from digs.cli import run
from digs.flow import Posterior
from digs.likelihood import PosteriorDensity
from digs.mcmc import sample_ensemble, start_from_prior, vectorised
from digs.params import load_params
from digs.priors import Prior
from digs.products import OBSERVATIONS
from digs.rng import generator
from digs.simulator import default_simulator

MCMC_STEPS = 200  # timed in each turn; a whole fit is so many times longer as it has more steps


def main() -> None:
    """Time NPE's posteriors and emcee's steps in one run."""
    params = load_params()
    timing, chains = params.timing, params.chains
    torch.set_num_threads(params.threads)
    prior, simulator = Prior(), default_simulator()
    galaxy = read_product(paths.DATA / "galaxy.h5", OBSERVATIONS)
    test = read_product(paths.DATA / "test.h5", OBSERVATIONS)
    posterior = Posterior.load(params.posteriors.network)
    flux = test["noisy_flux"][: timing.posterior_galaxies]
    density = vectorised(
        PosteriorDensity(simulator, prior, galaxy["noisy_flux"][0], params.noise.fraction, chains.sigma)
    )
    # burnt in, so that the steps timed are those of a fit: near the start most proposals leave the prior
    start = start_from_prior(prior, chains.walkers, generator(timing.seed, "start"))
    start = sample_ensemble(density, start, [MCMC_STEPS, MCMC_STEPS], 1, timing.seed).theta[:, -1]

    seconds = take_turns(
        {
            "npe_one": lambda: posterior.sample(flux[:1], timing.draws, timing.seed),
            "npe_bulk": lambda: posterior.sample(flux, timing.draws, timing.seed),
            "mcmc": lambda: sample_ensemble(density, start, [], MCMC_STEPS, timing.seed),
        },
        timing.repeats,
    )
    steps = sum(chains.burn_in) + chains.iterations
    fit = seconds["mcmc"] * steps / MCMC_STEPS
    each = seconds["npe_bulk"] / len(flux)
    write_json(
        paths.DATA / "timing.json",
        {
            "machine": machine(),
            "repeats": timing.repeats,
            "draws": timing.draws,
            "npe_one_galaxy_seconds": spread(seconds["npe_one"]),
            "npe_bulk_seconds": spread(each),
            "npe_bulk_galaxies": len(flux),
            "mcmc_fit_seconds": spread(fit),
            "mcmc_fit_steps": steps,
            "mcmc_fit_calls": steps * chains.walkers,
            "ratio": spread(fit / each),
        },
    )


if __name__ == "__main__":
    run(main)
