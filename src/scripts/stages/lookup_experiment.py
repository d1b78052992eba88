"""Stage `lookup_experiment`: what each way of pairing theta with spectra does to widths and calibration."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from typing import Any

import numpy as np
import torch

from digs.base import paths
from digs.base.statistics import bootstrap_rows, grouped, half_width_and_error, mean_and_error
from digs.config.params import load_params
from digs.config.stages.lookup_experiment_settings import LookupExperimentSettings
from digs.diagnostics.calibration_report import coverage_and_widths
from digs.diagnostics.per_parameter import numbers_per_parameter
from digs.diagnostics.ranks import coverage, rank_cdf, ranks, uniform_cdf_band
from digs.files.product import read_product, write_product
from digs.files.schemas.library_schema import LIBRARY
from digs.files.schemas.lookup_experiment_schema import LOOKUP_EXPERIMENT
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.inference.batches import draws_in_batches
from digs.inference.posterior import Posterior
from digs.physics.prior import Prior
from digs.physics.results import write_result
from digs.physics.simulator import Simulator
from digs.provenance.records import run_stage
from digs.training.loop import held_out_loss
from digs.training.pairs import Sample, exact_sample, looked_up_sample

LEVELS = np.linspace(0, 1, 101)
SAMPLES = ("lookup", "exact")
AT_ONCE = 100  # galaxies


def samples_for(
    prior: Prior, own_prior: bool, library: Sample, settings: LookupExperimentSettings, fraction: float
) -> tuple[Sample, dict[str, Sample]]:
    """Return pairs for the loss, and spectra of each kind, the same for all networks with the prior of params.yaml.

    Looked-up spectra exist over that prior only.
    """
    simulator, spectra, seed = Simulator(), settings.spectra, settings.seed
    pairs = exact_sample(simulator, prior, fraction, settings.pairs, seed, "loss")
    samples = {"exact": exact_sample(simulator, prior, fraction, spectra, seed, "exact")}
    if not own_prior:
        samples["lookup"] = looked_up_sample(library, prior, fraction, spectra, seed, "lookup")
    return pairs, samples


def ranks_and_widths(
    posterior: Posterior, sample: Sample, settings: LookupExperimentSettings, description: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return ranks of the truths and half-widths of the posteriors, shape (spectra, 5) each."""
    theta, flux = sample
    truth, rank, half_width = theta.numpy(), [], []
    for rows, drawn in draws_in_batches(posterior, flux, settings.draws, settings.seed, AT_ONCE, description):
        draws = drawn.numpy()
        rank.append(ranks(draws, truth[rows]))
        low, high = np.quantile(draws, (0.16, 0.84), axis=1)
        half_width.append((high - low) / 2)
    return np.concatenate(rank), np.concatenate(half_width)


def main() -> None:
    """Compare the networks on exact pairs, on looked-up spectra and on the galaxy of Fig. 3."""
    params = load_params(LookupExperimentSettings)
    settings = params.lookup_experiment
    torch.set_num_threads(params.threads)
    galaxy = read_product(paths.DATA / "galaxy.h5", OBSERVATIONS)["noisy_flux"]
    product = read_product(paths.DATA / "library.h5", LIBRARY)
    library = torch.as_tensor(product["theta"]), torch.as_tensor(product["flux"])
    resampled = bootstrap_rows(settings.spectra, settings.bootstrap, settings.seed)
    losses: dict[str, torch.Tensor] = {}
    measured: dict[str, dict[str, Any]] = {}
    curves: dict[str, dict[str, list[np.ndarray]]] = {}
    for name in settings.networks:
        posterior = Posterior.load(name)
        own_prior = params.network(name).prior is not None
        pairs, samples = samples_for(posterior.flow.prior, own_prior, library, settings, params.noise.fraction)
        loss = held_out_loss(posterior.flow, *pairs).double()
        draws = posterior.sample(galaxy, settings.galaxy_draws, settings.seed)[0].numpy()
        width, error = half_width_and_error(grouped(draws))
        measured[name] = {
            "loss": mean_and_error(loss),
            "training_pairs": posterior.record.training["epochs"] * params.network(name).pairs,
            "galaxy": numbers_per_parameter({"half_width": width}, {"half_width": error}),
        }
        rank = {}
        for kind, sample in samples.items():
            rank[kind], half_width = ranks_and_widths(posterior, sample, settings, f"{name}, {kind}")
            measured[name][kind] = coverage_and_widths(rank[kind], half_width, settings.draws, resampled)
        if not own_prior:
            losses[name] = loss
            curves[name] = {
                "rank_cdf": [rank_cdf(rank[kind], settings.draws, LEVELS) for kind in SAMPLES],
                "coverage": [coverage(rank[kind], settings.draws, LEVELS) for kind in SAMPLES],
            }
    for name, loss in losses.items():
        measured[name]["loss_above_reference"] = mean_and_error(loss - losses[settings.reference])
    arrays = {key: np.stack([curve[key] for curve in curves.values()]) for key in ("rank_cdf", "coverage")}
    write_product(
        paths.DATA / "lookup_experiment.h5",
        LOOKUP_EXPERIMENT,
        {"level": LEVELS, "cdf_band": uniform_cdf_band(settings.spectra, LEVELS), **arrays},
        networks=list(curves),
        samples=list(SAMPLES),
        seed=settings.seed,
        sps_label=product.attributes["sps_label"],
    )
    write_result(paths.DATA / "lookup_experiment.json", {**settings.model_dump(), "measured": measured})


if __name__ == "__main__":
    run_stage(main)
