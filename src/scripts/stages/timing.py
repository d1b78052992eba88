"""Stage `timing`: what simulations, training and posteriors cost, by NPE and by MCMC, taking turns in one run."""

import json
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from emcee import EnsembleSampler
from sbi.inference.posteriors import DirectPosterior
from sbi.utils import BoxUniform
from torch import Tensor

from digs.base import paths
from digs.base.benchmark import machine, spread, take_turns
from digs.base.random_streams import generator
from digs.config.params import Params, load_params
from digs.config.stages.chains_settings import ChainsSettings
from digs.config.stages.timing_settings import TimingSettings
from digs.config.theta import NAMES
from digs.exact.emcee_walk import start_from_prior, vectorised
from digs.exact.ensembles import StretchApart
from digs.exact.likelihood import PosteriorDensity
from digs.files.atomic import write_json
from digs.files.product import read_product, write_product
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.files.schemas.ssp_grid_schema import SSP_GRID
from digs.flows.fast.sampler import sampler
from digs.flows.flow import DRAWS_AT_ONCE, Flow, build_flow
from digs.flows.mass_and_dust import MassAndDust
from digs.inference.importance import log_weights
from digs.inference.posterior import Posterior
from digs.paper.amortisation import Amortisation
from digs.physics.prior import Prior
from digs.physics.simulator import SSP_GRID_FILE, Simulator
from digs.provenance.records import run_stage
from digs.sps.prospector import Prospector, ProspectorPosterior
from digs.training.loop import train
from digs.training.pairs import exact_recipe, exact_sample
from digs.training.workers import in_workers, worker

BURN_IN = 400
MCMC_STEPS = 100  # timed in each turn; a whole fit is so many times longer as it has more steps
EPOCHS = 2  # of each timed training; the first warms up and is not counted
ANYWHERE = 1e6  # the ends of a prior of coordinates that rejects no draw

Calls = dict[str, Callable[[], Any]]


def train_some(name: str, folder: Path) -> None:
    """What each worker does: show a network some pairs as in its training; the first one writes the seconds."""
    params = load_params(ChainsSettings, TimingSettings)
    settings, pairs = params.network(name), params.timing.training_pairs
    recipe = exact_recipe(Simulator(), Prior.over(params.prior), settings, params.noise.fraction)
    held_out = round(len(recipe.held_out[0]) * pairs / settings.pairs)  # as many in proportion
    theta, flux = recipe.example
    flow = build_flow(
        settings.architecture, Prior.over(params.prior), flux.shape[1], params.noise.fraction, (theta, flux)
    )
    some = settings.model_copy(update={"pairs": pairs, "epochs": EPOCHS, "cycle": EPOCHS})
    held_out_pairs = tuple(part[:held_out] for part in recipe.held_out)
    history = train(flow, recipe.pairs, held_out_pairs, some, folder / "checkpoint").history
    if worker() == 0:
        (folder / "seconds").write_text(json.dumps(history.seconds[1:]))


def training_seconds(name: str, pairs: int) -> float:
    """Of a whole training on so many pairs, extrapolated from some."""
    params = load_params(ChainsSettings, TimingSettings)
    with tempfile.TemporaryDirectory() as folder:
        in_workers(params.network(name).workers or params.threads, train_some, name, Path(folder))
        seconds = json.loads((Path(folder) / "seconds").read_text())
    torch.set_num_threads(params.threads)  # a single worker, in this process, sets its own
    return float(np.mean(seconds)) * pairs / params.timing.training_pairs


def by_sbi(flow: Flow, flux: Tensor, draws: int) -> Tensor:
    """Draws of what the flow's estimator learns by sbi's posterior, shape (draws, N, learned)."""
    ends = torch.full((flow.learned,), ANYWHERE)
    posterior = DirectPosterior(flow.estimator, BoxUniform(-ends, ends))
    return posterior.sample_batched((draws,), x=flow.context(flux), show_progress_bars=False)


def by_ours(flow: Flow, flux: Tensor, draws: int) -> list[Tensor]:
    """The same by digs.sampler, of some galaxies after the other, each of shape (N, draws, learned)."""
    draw = sampler(flow.estimator)
    parts = flux.split(max(1, DRAWS_AT_ONCE // draws))
    return [draw(torch.randn(len(part), draws, flow.learned), flow.context(part)) for part in parts]


def by_network(posterior: Posterior, flux: np.ndarray, params: Params) -> Calls:
    """What is timed of one network."""
    timing, data = params.timing, torch.as_tensor(flux)
    name, simulator = posterior.record.name, Simulator()

    def sample(galaxies: int, draws: int) -> Tensor:
        return posterior.sample(flux[:galaxies], draws, timing.seed)

    def importance() -> Tensor:
        return log_weights(posterior, simulator, sample(timing.posterior_galaxies, timing.draws), data[few])

    few = slice(timing.posterior_galaxies)
    calls: Calls = {
        f"{name} sampler": lambda: by_ours(posterior.flow, data[few], timing.draws),
        f"{name} sbi": lambda: by_sbi(posterior.flow, data[few], timing.draws),
        f"{name} importance": importance,
    }
    calls |= {f"{name} galaxies {n}": partial(sample, n, timing.draws) for n in timing.galaxies}
    return calls | {f"{name} draws {n}": partial(sample, timing.posterior_galaxies, n) for n in timing.draws_each}


def finer_simulator(factor: int, folder: Path) -> Simulator:
    """The exact simulator with so many times as many pixels in the same range."""
    grid = read_product(SSP_GRID_FILE, SSP_GRID)
    wavelength = np.linspace(*grid["wavelength"][[0, -1]], factor * len(grid["wavelength"]))
    place = np.interp(wavelength, grid["wavelength"], np.arange(len(grid["wavelength"])))
    left = np.minimum(place.astype(int), len(grid["wavelength"]) - 2)
    right = place - left
    flux = grid["flux"][..., left] * (1 - right) + grid["flux"][..., left + 1] * right
    arrays = {"wavelength": wavelength, "age": grid["age"], "logzsol": grid["logzsol"], "flux": flux}
    path = folder / f"{factor}.h5"
    write_product(path, SSP_GRID, arrays, **grid.attributes)
    return Simulator(path)


def by_pixels(factor: int, params: Params, folder: Path) -> Calls:
    """What is timed with more pixels: simulations, and posteriors by networks of the same kind, which are untrained."""
    timing, prior, fraction = params.timing, Prior.over(params.prior), params.noise.fraction
    simulator = finer_simulator(factor, folder)
    theta = prior.sample(timing.batch, generator(timing.seed, "exact"))
    example = exact_sample(simulator, prior, fraction, 2 * simulator.pixels, timing.seed, "pixels")
    flux = example[1][: timing.posterior_galaxies]
    noise = torch.randn(len(flux), timing.draws, len(NAMES), generator=generator(timing.seed, "pixels"))
    calls: Calls = {f"exact pixels {factor}": lambda: simulator(theta)}
    for name in timing.networks:
        architecture = params.network(name).architecture
        conditional = MassAndDust(simulator, prior, fraction) if architecture.marginal else None
        flow = Flow(architecture, prior, simulator.pixels, example, conditional).eval().requires_grad_(False)
        calls[f"{name} pixels {factor}"] = partial(flow.sampler(), noise, flux)
    return calls


def against(fit: np.ndarray, training: np.ndarray, posterior: np.ndarray) -> dict[str, dict[str, float]]:
    """NPE against fits, from the seconds of each, turn by turn; as digs.costs counts."""
    turns = [(Amortisation(*npe), each) for *npe, each in zip(training, posterior, fit, strict=True)]
    return {
        "galaxies_per_fit": spread(np.array([npe.galaxies_per_fit(each, False) for npe, each in turns])),
        "galaxies_per_fit_with_training": spread(np.array([npe.galaxies_per_fit(each, True) for npe, each in turns])),
        "break_even": spread(np.array([npe.break_even(each) for npe, each in turns])),
    }


def network_costs(seconds: Mapping[str, np.ndarray], name: str, fits: Mapping[str, np.ndarray], params: Params) -> dict:
    """The entries of one network."""
    timing = params.timing
    few, training = timing.posterior_galaxies, seconds[f"{name} training"]
    each = seconds[f"{name} draws {timing.draws}"] / few
    return {
        "training_seconds": spread(training),
        "posterior_seconds": spread(each),
        "posterior_seconds_alone": spread(seconds[f"{name} galaxies 1"]),
        "sampler_seconds": spread(seconds[f"{name} sampler"] / few),
        "sampler_seconds_by_sbi": spread(seconds[f"{name} sbi"] / few),
        "ratio_to_sbi": spread(seconds[f"{name} sbi"] / seconds[f"{name} sampler"]),
        "importance_seconds": spread(seconds[f"{name} importance"] / few),
        "against": {fit: against(of, training, each) for fit, of in fits.items()},
        "galaxies": [spread(seconds[f"{name} galaxies {n}"]) for n in timing.galaxies],
        "draws": [spread(seconds[f"{name} draws {n}"] / few) for n in timing.draws_each],
        "pixels": [spread(seconds[f"{name} pixels {factor}"] / few) for factor in timing.pixel_factors],
    }


def mcmc_steps(galaxies: int, threads: int, params: Params) -> Callable[[], Any]:
    """Some steps of fits of so many galaxies side by side on the exact simulator.

    They are burnt in: at first most proposals fail.
    """
    timing, chains, prior = params.timing, params.chains, Prior.over(params.prior)
    name = "galaxy" if galaxies == 1 else "test"
    flux = read_product(paths.DATA / f"{name}.h5", OBSERVATIONS)["noisy_flux"][:galaxies]
    density = vectorised(PosteriorDensity(Simulator(), prior, flux, params.noise.fraction, chains.sigma))
    start = start_from_prior(prior, galaxies * chains.walkers, generator(timing.seed, "start"))
    sampler = EnsembleSampler(*start.shape, density, moves=StretchApart(galaxies), vectorize=True)
    burnt_in = sampler.run_mcmc(start, BURN_IN, store=False, skip_initial_state_check=True)

    def walk() -> None:
        threads_before = torch.get_num_threads()
        torch.set_num_threads(threads)
        sampler.run_mcmc(burnt_in, MCMC_STEPS, store=False, skip_initial_state_check=True)
        torch.set_num_threads(threads_before)

    return walk


def main() -> None:
    """Time everything in one run (needs SPS_HOME)."""
    params = load_params(ChainsSettings, TimingSettings)
    timing, chains = params.timing, params.chains
    prospector = Prospector(params.spectrum)
    torch.set_num_threads(params.threads)
    number = -(-timing.reference_spectra // timing.repeats)
    few = prospector.vector(Prior.over(params.prior).sample(number, generator(timing.seed, "Prospector")).numpy())
    flux = read_product(paths.DATA / "test.h5", OBSERVATIONS)["noisy_flux"]
    posteriors = {name: Posterior.load(name) for name in timing.networks}
    shown = {name: each.record.training["epochs"] * params.network(name).pairs for name, each in posteriors.items()}

    slow = ProspectorPosterior(prospector, Prior.over(params.prior), flux[0].astype(float), params.noise.fraction)
    many = timing.fits_at_once
    calls: Calls = {
        "prospector": lambda: [slow(vector) for vector in few],
        "fit": mcmc_steps(1, 1, params),  # on so few spectra at a time, two threads are slower
        "fits": mcmc_steps(many, params.threads, params),
    }
    with tempfile.TemporaryDirectory() as folder:
        for factor in timing.pixel_factors:
            calls |= by_pixels(factor, params, Path(folder))
    for posterior in posteriors.values():
        calls |= by_network(posterior, flux, params)
    trainings = {f"{name} training": partial(training_seconds, name, pairs) for name, pairs in shown.items()}
    seconds = take_turns(calls, timing.repeats, trainings)

    steps = sum(chains.burn_in) + chains.iterations
    call = seconds["prospector"] / len(few)
    fits = {
        "exact": seconds["fit"] * steps / MCMC_STEPS,
        "exact_together": seconds["fits"] / many * steps / MCMC_STEPS,
        "prospector": call * steps * chains.walkers,
    }
    pixels = len(posteriors[timing.networks[0]].wavelength)
    write_json(
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
            "networks": {
                name: {"training_pairs": shown[name], **network_costs(seconds, name, fits, params)}
                for name in timing.networks
            },
            "galaxies": timing.galaxies,
            "draws_each": timing.draws_each,
            "pixels": [factor * pixels for factor in timing.pixel_factors],
            "exact_pixels": [spread(seconds[f"exact pixels {n}"] / timing.batch) for n in timing.pixel_factors],
        },
    )


if __name__ == "__main__":
    run_stage(main)
