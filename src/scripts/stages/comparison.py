"""Stage `comparison`: how close NPE comes to the exact posteriors, by chains and by importance sampling."""

from typing import Any

import numpy as np
import torch

from digs.base import paths
from digs.base.progress import progress
from digs.base.statistics import (
    QUANTILES,
    bootstrap_rows,
    efficiency,
    log_evidence,
    mean_and_error,
    ratio_and_shift,
    reweighted_quantiles,
    with_error,
)
from digs.config.params import load_params
from digs.config.stages.comparison_settings import ComparisonSettings
from digs.config.theta import NAMES
from digs.exact.converged_chains import stuck
from digs.exact.likelihood import PosteriorDensity, log_joint
from digs.files.atomic import write_json
from digs.files.product import read_product, write_product
from digs.files.schemas.comparison_schema import COMPARISON
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.files.schemas.reference_schema import REFERENCE
from digs.inference.importance import log_weights
from digs.inference.posterior import Posterior
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.provenance.records import run_stage

AT_ONCE = 20  # galaxies
FEW = 1e-3  # of the draws; walkers that are stuck and have no more do not count


def infer(
    posterior: Posterior, flux: torch.Tensor, settings: ComparisonSettings
) -> tuple[np.ndarray, torch.Tensor, torch.Tensor]:
    """Quantiles of NPE's draws, shape (galaxies, quantiles, 5), efficiency and log evidence, shape (galaxies,)."""
    simulator, name = Simulator(), posterior.record.name
    quantiles, weights = [], []
    for start in progress(range(0, len(flux), AT_ONCE), desc=name, unit=f"{AT_ONCE} galaxies"):
        some = flux[start : start + AT_ONCE]
        draws = posterior.sample(some, settings.draws, settings.seed + start)
        quantiles.append(np.quantile(draws.numpy(), QUANTILES, axis=1).swapaxes(0, 1))
        weights.append(log_weights(posterior, simulator, draws, some))
    weight = torch.cat(weights)
    return np.concatenate(quantiles), efficiency(weight), log_evidence(weight)


def fixed_sigma(
    prior: Prior, draws: np.ndarray, flux: torch.Tensor, fraction: float, resampled: np.ndarray
) -> dict[str, Any]:
    """What noise in units of the data's flux, instead of the model's, changes: the chains' draws are weighted for it.

    Args:
        draws: of the chains, shape (galaxies, draws, 5). resampled: rows of galaxies for the errors.
    """
    theta = torch.as_tensor(draws).flatten(0, 1)
    data, model = (PosteriorDensity(Simulator(), prior, flux, fraction, sigma)(theta) for sigma in ("data", "model"))
    # draws that single precision has put just outside the prior have no weight
    log_weight = (data - model).nan_to_num(nan=-torch.inf).reshape(draws.shape[:2])
    after = reweighted_quantiles(draws, log_weight)
    before = np.quantile(draws, QUANTILES, axis=1, method="inverted_cdf").swapaxes(0, 1)
    ratio, shift = ratio_and_shift(after, before)
    measured: dict[str, Any] = {
        parameter: {
            "ratio": with_error(ratio[:, place], np.median, resampled),
            "shift": with_error(shift[:, place], np.median, resampled),
        }
        for place, parameter in enumerate(NAMES)
    }
    return {**measured, "efficiency": with_error(efficiency(log_weight).numpy(), np.median, resampled)}


def stuck_walkers(prior: Prior, draws: np.ndarray, flux: torch.Tensor, fraction: float) -> dict[str, Any]:
    """How many galaxies have more than one draw in a thousand of walkers that are stuck, and the largest such share.

    Args:
        draws: of the chains, shape (galaxies, draws, 5), with the posteriors of flux.
    """
    log_prob = log_joint(Simulator(), prior, torch.as_tensor(draws), flux, fraction)
    share = (stuck(log_prob) & torch.isfinite(log_prob)).double().mean(1)  # rounding has put some outside the prior
    return {"galaxies": int((share > FEW).sum()), "largest_share": share.max().item()}


def main() -> None:
    """Compare networks with the reference chains, and weigh their draws by the exact likelihood."""
    params = load_params(ComparisonSettings)
    settings = params.comparison
    torch.set_num_threads(params.threads)
    test = read_product(paths.DATA / "test.h5", OBSERVATIONS)
    reference = read_product(paths.DATA / "reference.h5", REFERENCE)
    flux, theta = torch.as_tensor(test["noisy_flux"]), torch.as_tensor(test["theta"])
    prior, chain = Prior.over(params.prior), reference["quantiles"].astype(float)
    number = len(chain)
    resampled = bootstrap_rows(number, settings.bootstrap, settings.seed)
    resampled_all = bootstrap_rows(len(flux), settings.bootstrap, settings.seed)
    at_truth = PosteriorDensity(Simulator(), prior, flux, params.noise.fraction)(theta)
    arrays: dict[str, list[np.ndarray]] = {"ratio": [], "shift": [], "efficiency": []}
    measured: dict[str, Any] = {}
    log_q: dict[str, torch.Tensor] = {}
    evidences: list[torch.Tensor] = []
    for name in settings.networks:
        posterior = Posterior.load(name)
        quantiles, share, evidence = infer(posterior, flux, settings)
        ratio, shift = ratio_and_shift(quantiles[:number], chain)
        for key, values in (("ratio", ratio), ("shift", shift), ("efficiency", share.numpy())):
            arrays[key].append(values)
        log_q[name] = posterior.log_prob(theta[:, None], flux)[:, 0].double()
        evidences.append(evidence)
        measured[name] = {
            **{
                parameter: {
                    "ratio": with_error(ratio[:, place], np.median, resampled),
                    "ratio_16": float(np.quantile(ratio[:, place], 0.16)),
                    "ratio_84": float(np.quantile(ratio[:, place], 0.84)),
                    "shift": with_error(np.abs(shift[:, place]), np.median, resampled),
                }
                for place, parameter in enumerate(NAMES)
            },
            "efficiency": with_error(share.numpy(), np.median, resampled_all),
            "efficiency_5": with_error(share.numpy(), lambda values: np.quantile(values, 0.05), resampled_all),
        }
    most_efficient = np.argmax([measured[name]["efficiency"]["value"] for name in settings.networks])
    exact = at_truth - evidences[most_efficient]  # ln p(theta | x) of the exact posterior
    for name in settings.networks:
        measured[name]["excess_loss"] = mean_and_error(exact - log_q[name])
    write_product(
        paths.DATA / "comparison.h5",
        COMPARISON,
        {key: np.stack(values) for key, values in arrays.items()},
        networks=list(settings.networks),
        seed=settings.seed,
    )
    write_json(
        paths.DATA / "comparison.json",
        {
            "galaxies": number,
            "test_galaxies": len(flux),
            "draws": settings.draws,
            "measured": measured,
            "stuck": stuck_walkers(prior, reference["draws"], flux[:number], params.noise.fraction),
            "fixed_sigma": fixed_sigma(prior, reference["draws"], flux[:number], params.noise.fraction, resampled),
        },
    )


if __name__ == "__main__":
    run_stage(main)
