"""Stage `validation`: whether posteriors are calibrated jointly, locally, in subsets and at other noise."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from typing import Any

import numpy as np
import torch

from digs.base import paths
from digs.config.params import load_params
from digs.config.stages.validation_settings import ValidationSettings
from digs.diagnostics.calibration_report import calibration_report, ranks_against_exact
from digs.diagnostics.deviations import SUMMARIES
from digs.diagnostics.joint import LocalTest, simultaneous_band, whiten
from digs.diagnostics.mocks import MockPosteriors
from digs.diagnostics.subsets import SELECTIONS, in_subsets
from digs.exact.brute_force.grid import Grid
from digs.files.product import read_product, write_product
from digs.files.schemas.library_schema import LIBRARY
from digs.files.schemas.validation_schema import VALIDATION
from digs.inference.mock_inference import exact_mocks, infer_mocks
from digs.inference.noise_levels import at_noise_level
from digs.inference.posterior import Posterior
from digs.physics.results import write_result
from digs.physics.simulator import Simulator
from digs.provenance.records import run_stage
from digs.training.pairs import exact_sample, looked_up_sample


def local_p_values(
    posterior: Posterior, mocks: MockPosteriors, flux: torch.Tensor, settings: ValidationSettings
) -> list[float]:
    """Return those of L-C2ST at the first galaxies; the medians of all parameters are its summary of a spectrum."""
    summary = posterior.flow.prior.to_unit(torch.as_tensor(mocks.median)).numpy()
    test = LocalTest(mocks.white_truth, mocks.white_draw, summary, settings.local.trials, settings.seed)
    draws = posterior.sample(flux[: settings.local.galaxies], settings.draws, settings.seed).double().numpy()
    return [test.p_value(*each) for each in zip(whiten(draws, draws), summary, strict=False)]


def main() -> None:
    """Test networks on fresh exact spectra, and say where and at which noise their posteriors fail."""
    params = load_params(ValidationSettings)
    settings = params.validation
    spectra, draws, bootstrap, seed = settings.spectra, settings.draws, settings.bootstrap, settings.seed
    torch.set_num_threads(params.threads)
    simulator, fraction = Simulator(), params.noise.fraction
    near_data = Posterior.load(settings.references)
    posteriors = {name: Posterior.load(name) for name in settings.networks}
    prior = near_data.flow.prior
    product = read_product(paths.DATA / "library.h5", LIBRARY)
    library = torch.as_tensor(product["theta"]), torch.as_tensor(product["flux"])
    samples = {
        "exact": exact_sample(simulator, prior, fraction, spectra, seed, "validation"),
        "looked_up": looked_up_sample(library, prior, fraction, spectra, seed, "validation"),
    }
    centres = {kind: near_data.sample(flux, 1, seed)[:, 0].numpy() for kind, (_, flux) in samples.items()}

    level = np.linspace(0, 1, settings.levels + 1)
    band = simultaneous_band(spectra, level, settings.band)
    arrays: dict[str, list[np.ndarray]] = {}
    measured: dict[str, Any] = {name: {} for name in settings.networks}
    cases = [(name, "exact") for name in settings.networks] + [(settings.looked_up, "looked_up")]
    for name, kind in cases:
        posterior, case = posteriors[name], f"{name}, {kind}"
        mocks = infer_mocks(posterior, samples[kind], centres[kind], draws, seed, case)
        curves, measured[name][kind] = calibration_report(mocks, draws, level, band, bootstrap, seed)
        curves |= {"z": mocks.z[: settings.shown], "contraction": mocks.contraction[: settings.shown]}
        if kind == "exact":
            subsets, measured[name]["ages"] = in_subsets(
                mocks, draws, simulator, prior, settings.subsets, settings.line, bootstrap, seed
            )
            curves |= subsets
            if name == settings.against_exact:
                grid = Grid(simulator, prior, fraction)
                exact = exact_mocks(grid, samples[kind], settings.exact_draws, seed, "Exact")
                measured[name]["against_exact"] = ranks_against_exact(mocks, draws, exact.probability, level, band)
            if name in settings.local.networks:
                measured[name]["local_p_values"] = local_p_values(posterior, mocks, samples[kind][1], settings)
        for key, values in curves.items():
            arrays.setdefault(key, []).append(values)

    at_levels, network = settings.noise_levels.signal_to_noise, Posterior.load(settings.noise_levels.network)
    noise_levels = [at_noise_level(each, network, simulator, settings) for each in at_levels]
    write_product(
        paths.DATA / "validation.h5",
        VALIDATION,
        {"level": level, "band": band} | {key: np.stack(values) for key, values in arrays.items()},
        cases=[f"{name}, {kind}" for name, kind in cases],
        networks=settings.networks,
        probability=settings.band,
        subsets=settings.subsets,
        selections=list(SELECTIONS),
        summaries=list(SUMMARIES),
        seed=seed,
        sps_label=simulator.sps_label,
    )
    write_result(
        paths.DATA / "validation.json",
        {"galaxies": spectra, "draws": draws, "measured": measured, "noise_levels": noise_levels},
    )


if __name__ == "__main__":
    run_stage(main)
