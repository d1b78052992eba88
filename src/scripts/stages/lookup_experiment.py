"""Stage `lookup_experiment`: what each way of pairing theta with spectra does to widths and calibration."""

from typing import Any

import numpy as np
import torch

from digs.base import paths
from digs.base.progress import progress
from digs.base.statistics import NAMED_LEVELS, bootstrap_rows, grouped, half_width_and_error, mean_and_error
from digs.config.params import load_params
from digs.config.stages.lookup_experiment_settings import LookupExperimentSettings
from digs.config.theta import NAMES
from digs.diagnostics.ranks import coverage, rank_cdf, ranks, uniform_cdf_band, uniformity_p_value
from digs.files.atomic import write_json
from digs.files.product import read_product, write_product
from digs.files.schemas.library_schema import LIBRARY
from digs.files.schemas.lookup_experiment_schema import LOOKUP_EXPERIMENT
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.inference.posterior import Posterior
from digs.physics.simulator import Simulator
from digs.provenance.records import run_stage
from digs.training.loop import held_out_loss
from digs.training.pairs import Sample, exact_sample, looked_up_sample

LEVELS = np.linspace(0, 1, 101)
SAMPLES = ("lookup", "exact")
GALAXIES_AT_ONCE = 100


def samples_of(
    posterior: Posterior, own_prior: bool, settings: LookupExperimentSettings, fraction: float
) -> dict[str, Sample]:
    """Pairs for the loss and spectra for calibration, the same for all networks with the prior of params.yaml.

    Looked-up spectra exist over that prior only.
    """
    prior, simulator = posterior.flow.prior, Simulator()
    samples = {
        "loss": exact_sample(simulator, prior, fraction, settings.pairs, settings.seed, "loss"),
        "exact": exact_sample(simulator, prior, fraction, settings.spectra, settings.seed, "exact"),
    }
    if not own_prior:
        product = read_product(paths.DATA / "library.h5", LIBRARY)
        library = torch.as_tensor(product["theta"]), torch.as_tensor(product["flux"])
        samples["lookup"] = looked_up_sample(library, prior, fraction, settings.spectra, settings.seed, "lookup")
    return samples


def calibrate(
    posterior: Posterior, sample: Sample, settings: LookupExperimentSettings, name: str
) -> tuple[np.ndarray, dict[str, Any]]:
    """Ranks of the truths, shape (spectra, 5), and numbers with their errors for each parameter."""
    theta, flux = sample
    truth, rank, half_width = theta.numpy(), [], []
    for start in progress(range(0, len(flux), GALAXIES_AT_ONCE), desc=name, unit=f"{GALAXIES_AT_ONCE} galaxies"):
        rows = slice(start, start + GALAXIES_AT_ONCE)
        draws = posterior.sample(flux[rows], settings.draws, settings.seed + start).numpy()
        rank.append(ranks(draws, truth[rows]))
        low, high = np.quantile(draws, (0.16, 0.84), axis=1)
        half_width.append((high - low) / 2)
    rank, half_width = np.concatenate(rank), np.concatenate(half_width)

    resampled = bootstrap_rows(len(truth), settings.bootstrap, settings.seed)
    levels = np.array(list(NAMED_LEVELS.values()))
    shares = coverage(rank, settings.draws, levels)
    share_errors = np.std([coverage(rank[rows], settings.draws, levels) for rows in resampled], axis=0)
    widths, p_values = np.median(half_width, 0), uniformity_p_value(rank, settings.draws)
    width_errors = np.std([np.median(half_width[rows], 0) for rows in resampled], axis=0)
    return rank, {
        parameter: {
            **{
                key: {"value": float(shares[place, column]), "error": float(share_errors[place, column])}
                for column, key in enumerate(NAMED_LEVELS)
            },
            "half_width": {"value": float(widths[place]), "error": float(width_errors[place])},
            "uniform_ranks_p_value": float(p_values[place]),
        }
        for place, parameter in enumerate(NAMES)
    }


def main() -> None:
    """Compare the networks on exact pairs, on looked-up spectra and on the galaxy of Fig. 3."""
    params = load_params(LookupExperimentSettings)
    settings = params.lookup_experiment
    torch.set_num_threads(params.threads)
    galaxy = read_product(paths.DATA / "galaxy.h5", OBSERVATIONS)["noisy_flux"]
    losses: dict[str, torch.Tensor] = {}
    measured: dict[str, dict[str, Any]] = {}
    curves: dict[str, dict[str, list[np.ndarray]]] = {}
    for name in settings.networks:
        posterior = Posterior.load(name)
        own_prior = params.network(name).prior is not None
        samples = samples_of(posterior, own_prior, settings, params.noise.fraction)
        loss = held_out_loss(posterior.flow, *samples["loss"]).double()
        draws = posterior.sample(galaxy, settings.galaxy_draws, settings.seed)[0].numpy()
        width, error = half_width_and_error(grouped(draws))
        measured[name] = {
            "loss": mean_and_error(loss),
            "training_pairs": posterior.record.training["epochs"] * params.network(name).pairs,
            "galaxy": {
                parameter: {"half_width": {"value": float(w), "error": float(e)}}
                for parameter, w, e in zip(NAMES, width, error, strict=True)
            },
        }
        rank = {}
        for kind in samples.keys() - {"loss"}:
            rank[kind], measured[name][kind] = calibrate(posterior, samples[kind], settings, f"{name}, {kind}")
        if not own_prior:
            losses[name] = loss
            curves[name] = {
                "rank_cdf": [rank_cdf(rank[kind], settings.draws, LEVELS) for kind in SAMPLES],
                "coverage": [coverage(rank[kind], settings.draws, LEVELS) for kind in SAMPLES],
            }
    for name, loss in losses.items():
        measured[name]["loss_above_reference"] = mean_and_error(loss - losses[settings.reference])

    write_product(
        paths.DATA / "lookup_experiment.h5",
        LOOKUP_EXPERIMENT,
        {
            "level": LEVELS,
            "rank_cdf": np.stack([curve["rank_cdf"] for curve in curves.values()]),
            "coverage": np.stack([curve["coverage"] for curve in curves.values()]),
            "cdf_band": uniform_cdf_band(settings.spectra, LEVELS),
        },
        networks=list(curves),
        samples=list(SAMPLES),
        seed=settings.seed,
    )
    write_json(paths.DATA / "lookup_experiment.json", {**settings.model_dump(), "measured": measured})


if __name__ == "__main__":
    run_stage(main)
