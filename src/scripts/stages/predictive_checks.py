"""Stage `predictive_checks`: spectra of posterior draws against the data of the test set."""

from typing import Any

import numpy as np
import torch
from scipy import stats

from digs.base import paths
from digs.base.progress import progress
from digs.base.statistics import bootstrap_rows, efficiency, with_error
from digs.config.params import load_params
from digs.config.stages.predictive_checks_settings import PredictiveChecksSettings
from digs.exact.best_fit import best_fit
from digs.files.atomic import write_json
from digs.files.product import read_product, write_product
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.files.schemas.predictive_checks_schema import PREDICTIVE_CHECKS
from digs.inference.posterior import Posterior
from digs.inference.predictive import Examined, examine, promising
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.provenance.records import run_stage

AT_ONCE = 50  # galaxies


def summary(chi: dict[str, np.ndarray], pixels: int, resampled: np.ndarray) -> dict[str, Any]:
    """Means of each chi-squared and their distributions against expectation."""
    measured: dict[str, Any] = {name: {"mean": with_error(values, np.mean, resampled)} for name, values in chi.items()}
    parameters = {  # two ways to count them
        "rise": with_error(chi["weighted"] - chi["best_fit"], np.mean, resampled),
        "missing": with_error(pixels - chi["best_fit"], np.mean, resampled),
    }
    freedom = {"truth": pixels, "one_draw": pixels, "best_fit": pixels - parameters["rise"]["value"]}
    for name, degrees in freedom.items():
        measured[name] |= {
            "freedom": float(degrees),
            "uniform_p_value": float(stats.kstest(chi[name], "chi2", args=(degrees,)).pvalue),
            "beyond_one_in_a_thousand": with_error(stats.chi2.sf(chi[name], degrees) < 1e-3, np.mean, resampled),
        }
    return {"measured": measured, "parameters": parameters}


def main() -> None:
    """Compare the test set with the spectra of posterior draws and with best fits."""
    params = load_params(PredictiveChecksSettings)
    settings, fraction = params.predictive_checks, params.noise.fraction
    torch.set_num_threads(params.threads)
    test = read_product(paths.DATA / "test.h5", OBSERVATIONS)
    flux = torch.as_tensor(test["noisy_flux"])
    posterior, simulator, prior = Posterior.load(settings.network), Simulator(), Prior.over(params.prior)
    parts: list[Examined] = []
    fitted, best_theta = [], []
    for start in progress(range(0, len(flux), AT_ONCE), desc="Predictive checks", unit=f"{AT_ONCE} galaxies"):
        some = flux[start : start + AT_ONCE]
        draws = posterior.sample(some, settings.draws, settings.seed + start)
        seen = examine(posterior, simulator, some, draws)
        parts.append(seen)
        fit = best_fit(simulator, prior, some, fraction, promising(draws, seen.chi_squared))
        fitted.append(fit.chi_squared)
        best_theta.append(fit.theta)
    draw_chi = torch.cat([part.chi_squared for part in parts])
    log_weight = torch.cat([part.log_weight for part in parts])
    pixels, resampled = flux.shape[1], bootstrap_rows(len(flux), settings.bootstrap, settings.seed)
    truth = (test["noisy_flux"].astype(float) / test["flux"] - 1) / fraction
    chi = {
        "truth": (truth**2).sum(1),
        "one_draw": draw_chi[:, 0].numpy(),
        "draws": draw_chi.mean(1).numpy(),
        "weighted": (torch.softmax(log_weight, 1) * draw_chi).sum(1).numpy(),
        "best_draw": draw_chi.amin(1).numpy(),
        "best_fit": torch.cat(fitted).numpy(),
    }
    p_value = stats.chi2.sf(draw_chi.numpy(), pixels).mean(1)
    worst = np.argsort(-chi["best_fit"])[: settings.worst]
    write_product(
        paths.DATA / "predictive_checks.h5",
        PREDICTIVE_CHECKS,
        {
            "wavelength": test["wavelength"],
            **{key: values for key, values in chi.items() if key in PREDICTIVE_CHECKS.fields},
            "p_value": p_value,
            "worst": worst,
            "worst_flux": test["noisy_flux"][worst],
            "worst_fit": simulator(torch.cat(best_theta)[worst]).numpy(),
        },
        network=settings.network,
        seed=settings.seed,
    )
    excluded = (draw_chi > stats.chi2.isf(settings.excluded, pixels)).double().mean(1).numpy()
    write_json(
        paths.DATA / "predictive_checks.json",
        {
            "galaxies": len(flux),
            "pixels": pixels,
            "draws": settings.draws,
            **summary(chi, pixels, resampled),
            "p_value": {
                "least": float(p_value.min()),
                "most": float(p_value.max()),
                "mean": with_error(p_value, np.mean, resampled),
            },
            "excluded_draws": with_error(excluded, np.mean, resampled),
            "galaxies_with_many_excluded": with_error(excluded > settings.many, np.mean, resampled),
            "efficiency": with_error(efficiency(log_weight).numpy(), np.median, resampled),
        },
    )


if __name__ == "__main__":
    run_stage(main)
