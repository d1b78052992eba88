"""Stage `warning_lights`: thresholds of the warning lights, and what they catch of spectra built to be wrong."""

from dataclasses import asdict
from typing import Any

import numpy as np
import torch

from digs.base import paths
from digs.base.progress import progress
from digs.base.random_streams import generator
from digs.base.statistics import bootstrap_rows, mean_and_error, proportion, with_error
from digs.config.params import load_params
from digs.config.stages.warning_lights_settings import WarningLightsSettings
from digs.config.theta import NAMES
from digs.diagnostics.corruptions import LABELS, Galaxies, corrupted
from digs.exact.best_fit import BestFit, best_fit
from digs.files.atomic import write_json
from digs.files.product import read_product
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.inference.lights import Judge, Observer, Statistics, any_of, lit, thresholds_for
from digs.inference.predictive import promising
from digs.physics.noise import add_noise
from digs.physics.prior import Prior
from digs.provenance.records import run_stage
from digs.training.pairs import exact_sample

AT_ONCE = 500  # galaxies
LEAST = 20  # undetected galaxies whose bias is worth a number
OBSERVER = ("network", "draws", "references", "neighbours", "seed")


class Inspector:
    """Looks at spectra, and fits them."""

    def __init__(self, settings: WarningLightsSettings, prior: Prior, fraction: float):
        self.observer = Observer(**{name: getattr(settings, name) for name in OBSERVER})
        self.seed, self.fraction, self.prior = settings.seed, fraction, prior

    def __call__(self, flux: torch.Tensor, description: str) -> tuple[Statistics, BestFit, np.ndarray]:
        """Statistics, best fits and quantiles of the network's posteriors, shape (3, N, 5)."""
        statistics, fits, quantiles = [], [], []
        for start in progress(range(0, len(flux), AT_ONCE), desc=description, unit=f"{AT_ONCE} galaxies"):
            some = flux[start : start + AT_ONCE]
            look = self.observer.look(some, self.seed + start)
            starts = promising(look.draws, look.examined.chi_squared)
            fits.append(best_fit(self.observer.simulator, self.prior, some, self.fraction, starts))
            statistics.append(look.statistics)
            quantiles.append(np.quantile(look.draws.numpy(), (0.16, 0.5, 0.84), axis=1))
        return (
            {name: np.concatenate([each[name] for each in statistics]) for name in statistics[0]},
            BestFit(*(torch.cat([getattr(fit, part) for fit in fits]) for part in ("theta", "pulls", "chi_squared"))),
            np.concatenate(quantiles, 1),
        )


def shares(judge: Judge, statistics: Statistics, fit: BestFit) -> dict[str, Any]:
    """What the lights and the best fits say, as shares of all spectra, unless the name says of which."""
    lights, rejected = lit(statistics, judge.thresholds), judge.rejects(fit)
    detected = any_of(lights)
    return {
        "detected": proportion(detected),
        "rejected": proportion(rejected),
        "detected_of_rejected": proportion(detected[rejected]),
        "outside": proportion(detected & judge.outside(fit)),
        "lights": {name: proportion(on) for name, on in lights.items()},
    }


def bias(quantiles: np.ndarray, truth: np.ndarray, settings: WarningLightsSettings) -> dict[str, Any] | None:
    """Of the medians, in half-widths: the median over galaxies; None where there are hardly any."""
    if len(truth) < LEAST:
        return None
    low, median, high = quantiles
    off = 2 * (median - truth) / (high - low)
    resampled = bootstrap_rows(len(truth), settings.bootstrap, settings.seed)
    return {name: with_error(off[:, place], np.median, resampled) for place, name in enumerate(NAMES)}


def main() -> None:
    """Set the thresholds on exact spectra, check them on others, and test them on corrupted ones."""
    params = load_params(WarningLightsSettings)
    settings, fraction = params.warning_lights, params.noise.fraction
    torch.set_num_threads(params.threads)
    inspect = Inspector(settings, Prior.over(params.prior), fraction)
    observer, prior = inspect.observer, inspect.prior
    test = read_product(paths.DATA / "test.h5", OBSERVATIONS)

    def exact(purpose: str) -> torch.Tensor:
        return exact_sample(observer.simulator, prior, fraction, settings.spectra, settings.seed, purpose)[1]

    statistics, fit, _ = inspect(exact("calibration"), "Thresholds")
    thresholds, share = thresholds_for(statistics, settings.false_alarms)
    judge = Judge(thresholds, fit.chi_squared.mean().item(), settings.rejected)
    write_json(
        paths.DATA / "lights.json",
        {
            "observer": {name: getattr(settings, name) for name in OBSERVER},
            "weights_sha256": observer.posterior.record.weights_sha256,
            "spectra": settings.spectra,
            "false_alarms": settings.false_alarms,
            "each": share,
            **asdict(judge),
        },
    )

    checked: dict[str, Any] = {}
    for name, flux in (("exact", exact("check")), ("prospector", torch.as_tensor(test["noisy_flux"]))):
        statistics, fit, _ = inspect(flux, name)
        chi_squared = {"mean": mean_and_error(fit.chi_squared), "variance": fit.chi_squared.var().item()}
        checked[name] = {"spectra": len(flux), "best_fit": chi_squared, **shares(judge, statistics, fit)}

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
            statistics, fit, quantiles = inspect(flux, name)
            missed = ~any_of(lit(statistics, judge.thresholds))
            found[f"{strength:g}"] = {
                **shares(judge, statistics, fit),
                "undetected": int(missed.sum()),
                "bias": bias(quantiles[:, missed], truth[missed], settings),
            }
    sound = add_noise(galaxies.flux, generator(settings.seed, "healthy"), fraction)
    _, _, quantiles = inspect(sound, "healthy")
    write_json(
        paths.DATA / "warning_lights.json",
        {
            **settings.model_dump(exclude={"corruptions"}),
            "galaxies": len(theta),
            "checked": checked,
            "healthy_bias": bias(quantiles, theta.numpy(), settings),
            "measured": measured,
        },
    )


if __name__ == "__main__":
    run_stage(main)
