"""Stage `timing`: what simulations, training and posteriors cost, by NPE and by MCMC, taking turns in one run."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from functools import partial
from typing import Any

import numpy as np
import torch

from digs.base import paths
from digs.base.benchmark import machine, spread, take_turns
from digs.base.random_streams import generator
from digs.config.params import Params, load_params
from digs.config.stages.chains_settings import ChainsSettings
from digs.config.stages.timing_settings import TimingSettings
from digs.exact.fit_costs import STEPS, mcmc_steps
from digs.files.product import read_product
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.inference.posterior import Posterior
from digs.inference.posterior_costs import Calls, pixel_calls, posterior_calls, posterior_costs
from digs.paper.amortisation import compare_with_fits
from digs.physics.prior import Prior
from digs.physics.results import write_result
from digs.provenance.records import run_stage
from digs.sps.prospector import Prospector, ProspectorPosterior
from digs.training.training_costs import exact_epoch_seconds
from digs.training.workers import in_workers


def training_seconds(name: str, pairs: int, prior: Prior, params: Params) -> float:
    """Return the seconds of a whole training on so many pairs, extrapolated from some."""
    network, some = params.network(name), params.timing.training_pairs
    arguments = network, prior, params.noise.fraction, some, 1
    return float(np.mean(in_workers(network.workers or params.threads, exact_epoch_seconds, *arguments))) * pairs / some


def main() -> None:
    """Time everything in one run (needs SPS_HOME)."""
    params = load_params(ChainsSettings, TimingSettings)
    timing, chains, prior, fraction = params.timing, params.chains, Prior.over(params.prior), params.noise.fraction
    prospector = Prospector(params.spectrum, params.gas)
    torch.set_num_threads(params.threads)
    number = -(-timing.reference_spectra // timing.repeats)
    few = prospector.vector(prior.sample(number, generator(timing.seed, "Prospector")).numpy())
    galaxy, flux = (read_product(paths.DATA / f"{each}.h5", OBSERVATIONS)["noisy_flux"] for each in ("galaxy", "test"))
    posteriors = {name: Posterior.load(name) for name in timing.networks}
    shown = {name: each.record.training["epochs"] * params.network(name).pairs for name, each in posteriors.items()}

    def fit(flux: np.ndarray, threads: int) -> Any:
        random = generator(timing.seed, "start")
        return mcmc_steps(prior, flux, fraction, chains.sigma, chains.walkers, threads, random)

    slow = ProspectorPosterior(prospector, prior, flux[0].astype(float), fraction)
    many = timing.fits_at_once
    calls: Calls = {
        "prospector": lambda: [slow(vector) for vector in few],
        "fit": fit(galaxy[:1], 1),  # on so few spectra at a time, two threads are slower
        "fits": fit(flux[:many], params.threads),
    }
    architectures = {name: params.network(name).architecture for name in timing.networks}
    for factor in timing.pixel_factors:
        calls |= pixel_calls(factor, architectures, prior, fraction, timing)
    for posterior in posteriors.values():
        calls |= posterior_calls(posterior, flux, timing)
    trainings = {f"{name} training": partial(training_seconds, name, n, prior, params) for name, n in shown.items()}
    seconds = take_turns(calls, timing.repeats, trainings)

    steps = sum(chains.burn_in) + chains.iterations
    call = seconds["prospector"] / len(few)
    fits = {
        "exact": seconds["fit"] * steps / STEPS,
        "exact_together": seconds["fits"] / many * steps / STEPS,
        "prospector": call * steps * chains.walkers,
    }
    networks: dict[str, Any] = {}
    for name in timing.networks:
        training, each = seconds[f"{name} training"], seconds[f"{name} draws {timing.draws}"]
        networks[name] = {
            "training_pairs": shown[name],
            "training_seconds": spread(training),
            **posterior_costs(seconds, name, timing),
            "against": {
                kind: compare_with_fits(of, training, each / timing.posterior_galaxies) for kind, of in fits.items()
            },
        }
    pixels = len(posteriors[timing.networks[0]].wavelength)
    write_result(
        paths.DATA / "timing.json",
        {
            "machine": machine(),
            "repeats": timing.repeats,
            "draws": timing.draws,
            "posterior_galaxies": timing.posterior_galaxies,
            "prospector_seconds": spread(call),
            "exact_seconds": spread(seconds["exact pixels 1"] / timing.batch),
            "fit_steps": steps,
            "fits_at_once": many,
            "fit_calls": steps * chains.walkers,
            "fit_seconds": {name: spread(values) for name, values in fits.items()},
            "fit_ratio": spread(fits["prospector"] / fits["exact"]),
            "networks": networks,
            "galaxies": timing.galaxies,
            "draws_each": timing.draws_each,
            "pixels": [factor * pixels for factor in timing.pixel_factors],
            "exact_pixels": [spread(seconds[f"exact pixels {n}"] / timing.batch) for n in timing.pixel_factors],
        },
    )


if __name__ == "__main__":
    run_stage(main)
