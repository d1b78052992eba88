"""Stage `predictive_checks`: spectra of posterior draws against the data of the test set."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import numpy as np
import torch
from scipy import stats

from digs.base import paths
from digs.base.join import join_rows
from digs.base.statistics import bootstrap_rows, efficiency, with_error
from digs.config.params import load_params
from digs.config.stages.predictive_checks_settings import PredictiveChecksSettings
from digs.diagnostics.chi_squared_report import chi_squared_report
from digs.exact.best_fit import best_fit
from digs.files.product import read_product, write_product
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.files.schemas.predictive_checks_schema import PREDICTIVE_CHECKS
from digs.inference.batches import draws_in_batches
from digs.inference.posterior import Posterior
from digs.inference.predictive import examine, promising
from digs.physics.prior import Prior
from digs.physics.results import write_result
from digs.physics.simulator import Simulator
from digs.provenance.records import run_stage

AT_ONCE = 50  # galaxies


def main() -> None:
    """Compare the test set with the spectra of posterior draws and with best fits."""
    params = load_params(PredictiveChecksSettings)
    settings, fraction = params.predictive_checks, params.noise.fraction
    torch.set_num_threads(params.threads)
    test = read_product(paths.DATA / "test.h5", OBSERVATIONS)
    flux = torch.as_tensor(test["noisy_flux"])
    posterior, simulator, prior = Posterior.load(settings.network), Simulator(), Prior.over(params.prior)
    parts, fits = [], []
    for rows, draws in draws_in_batches(posterior, flux, settings.draws, settings.seed, AT_ONCE, "Predictive checks"):
        seen = examine(posterior, simulator, flux[rows], draws)
        parts.append(seen)
        fits.append(best_fit(simulator, prior, flux[rows], fraction, promising(draws, seen.chi_squared)))
    examined, fit = join_rows(parts), join_rows(fits)
    draw_chi, log_weight = examined.chi_squared, examined.log_weight
    pixels, resampled = flux.shape[1], bootstrap_rows(len(flux), settings.bootstrap, settings.seed)
    truth = (test["noisy_flux"].astype(float) / test["flux"] - 1) / fraction
    chi = {
        "truth": (truth**2).sum(1),
        "one_draw": draw_chi[:, 0].numpy(),
        "draws": draw_chi.mean(1).numpy(),
        "weighted": (torch.softmax(log_weight, 1) * draw_chi).sum(1).numpy(),
        "best_draw": draw_chi.amin(1).numpy(),
        "best_fit": fit.chi_squared.numpy(),
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
            "worst_fit": simulator(fit.theta[worst]).numpy(),
        },
        network=settings.network,
        seed=settings.seed,
        sps_label=simulator.sps_label,
    )
    excluded = (draw_chi > stats.chi2.isf(settings.excluded, pixels)).double().mean(1).numpy()
    write_result(
        paths.DATA / "predictive_checks.json",
        {
            "galaxies": len(flux),
            "pixels": pixels,
            "draws": settings.draws,
            **chi_squared_report(chi, pixels, resampled),
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
