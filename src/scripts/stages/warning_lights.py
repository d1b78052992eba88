"""Stage `warning_lights`: thresholds of the warning lights, and what they catch of spectra built to be wrong."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from dataclasses import asdict
from typing import Any

import torch

from digs.base import paths
from digs.base.random_streams import generator
from digs.base.statistics import mean_and_error
from digs.config.params import load_params
from digs.config.stages.warning_lights_settings import WarningLightsSettings
from digs.config.theta import NAMES
from digs.diagnostics.corruptions import LABELS, Galaxies, corrupted
from digs.files.product import read_product
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.inference.inspection import Inspector
from digs.inference.lights import Judge, Observer, thresholds_for
from digs.physics.noise import add_noise
from digs.physics.prior import Prior
from digs.physics.results import write_result
from digs.provenance.records import run_stage
from digs.training.pairs import exact_sample

OBSERVER = ("network", "draws", "references", "neighbours", "seed")


def main() -> None:
    """Set the thresholds on exact spectra, check them on others, and test them on corrupted ones."""
    params = load_params(WarningLightsSettings)
    settings, fraction, prior = params.warning_lights, params.noise.fraction, Prior.over(params.prior)
    torch.set_num_threads(params.threads)
    looks_by = {name: getattr(settings, name) for name in OBSERVER}
    observer = Observer(**looks_by)
    inspect = Inspector(observer, prior, fraction, settings.seed)
    test = read_product(paths.DATA / "test.h5", OBSERVATIONS)

    def exact(purpose: str) -> torch.Tensor:
        return exact_sample(observer.simulator, prior, fraction, settings.spectra, settings.seed, purpose)[1]

    seen = inspect(exact("calibration"), "Thresholds")
    thresholds, share = thresholds_for(seen.statistics, settings.false_alarms)
    judge = Judge(thresholds, seen.fit.chi_squared.mean().item(), settings.rejected)
    write_result(
        paths.DATA / "lights.json",
        {
            "observer": looks_by,
            "weights_sha256": observer.posterior.record.weights_sha256,
            "spectra": settings.spectra,
            "false_alarms": settings.false_alarms,
            "each": share,
            **asdict(judge),
        },
    )

    checked: dict[str, Any] = {}
    for name, flux in (("exact", exact("check")), ("prospector", torch.as_tensor(test["noisy_flux"]))):
        seen = inspect(flux, name)
        chi_squared = {"mean": mean_and_error(seen.fit.chi_squared), "variance": seen.fit.chi_squared.var().item()}
        checked[name] = {"spectra": len(flux), "best_fit": chi_squared, **seen.shares(judge)}

    theta = torch.as_tensor(test["theta"][: settings.galaxies])
    galaxies = Galaxies.of(theta, observer.simulator)
    measured: dict[str, dict[str, Any]] = {}
    for kind, strengths in settings.corruptions.items():
        label, unit = LABELS[kind]
        found: dict[str, Any] = {}
        measured[kind] = {"label": label, "unit": unit, "strengths": found}
        for strength in strengths:
            name, truth = f"{kind} {strength:g}", theta.numpy().copy()
            if kind == "older":
                truth[:, NAMES.index("tage")] += strength
            flux = corrupted(kind, galaxies, strength, fraction, generator(settings.seed, name))
            seen = inspect(flux, name)
            missed = ~seen.detected(judge)
            found[f"{strength:g}"] = {
                **seen.shares(judge),
                "undetected": int(missed.sum()),
                "bias": seen.bias(truth, settings.bootstrap, settings.seed, missed),
            }
    sound = add_noise(galaxies.flux, generator(settings.seed, "healthy"), fraction)
    healthy = inspect(sound, "healthy")
    write_result(
        paths.DATA / "warning_lights.json",
        {
            **settings.model_dump(exclude={"corruptions"}),
            "galaxies": len(theta),
            "checked": checked,
            "healthy_bias": healthy.bias(theta.numpy(), settings.bootstrap, settings.seed),
            "measured": measured,
        },
    )


if __name__ == "__main__":
    run_stage(main)
