"""What a network makes of spectra whose noise is not what it was trained for."""

from typing import Any

import numpy as np
import torch

from digs.base.progress import progress
from digs.base.statistics import QUANTILES, bootstrap_rows, efficiency, weighted_quantiles, with_error
from digs.config.stages.validation_settings import ValidationSettings
from digs.config.theta import NAMES
from digs.diagnostics.calibration_report import joint_coverage, summary_table
from digs.diagnostics.mocks import JOINT
from digs.inference.mock_inference import infer_mocks
from digs.inference.other_noise import stretched_draws
from digs.inference.posterior import Posterior
from digs.physics.simulator import Simulator
from digs.training.pairs import exact_sample


def at_noise_level(
    signal_to_noise: float, posterior: Posterior, simulator: Simulator, settings: ValidationSettings
) -> dict[str, Any]:
    """Return calibration on spectra of this noise, and widths against the exact posterior where its draws suffice."""
    level, bootstrap, seed = settings.noise_levels, settings.bootstrap, settings.seed
    fraction = 1 / signal_to_noise
    theta, flux = exact_sample(simulator, posterior.flow.prior, fraction, level.spectra, seed, "noise levels")
    mocks, _ = infer_mocks(
        posterior, (theta, flux), theta.numpy(), settings.draws, seed, f"S/N {signal_to_noise:g}"
    )  # the truths as centres: the ranks by distance are not used
    quantiles, share = exact_quantiles(posterior, simulator, flux[: level.exact], fraction, settings)
    enough = np.flatnonzero(share * level.candidates >= level.sample_size)
    result: dict[str, Any] = {
        "signal_to_noise": signal_to_noise,
        "joint": joint_coverage(
            mocks.joint_rank[:, JOINT.index("density")], settings.draws, bootstrap_rows(len(theta), bootstrap, seed)
        ),
        "exact_galaxies": len(enough),
        "efficiency": float(np.median(share)),
        **summary_table(mocks, settings.draws, bootstrap, seed),
    }
    lower, upper = (quantiles[:, QUANTILES.index(each)] for each in (0.16, 0.84))
    ratio = (mocks.half_width[: level.exact] / ((upper - lower) / 2))[enough]
    resampled = bootstrap_rows(len(enough), bootstrap, seed)
    for place, name in enumerate(NAMES):
        result[name]["ratio"] = with_error(ratio[:, place], np.median, resampled) if len(enough) > 1 else None
    return result


def exact_quantiles(
    posterior: Posterior, simulator: Simulator, flux: torch.Tensor, fraction: float, settings: ValidationSettings
) -> tuple[np.ndarray, np.ndarray]:
    """Return quantiles of exact posteriors at QUANTILES, shape (N, quantiles, 5), and the efficiency, shape (N,)."""
    level = settings.noise_levels
    stretch = (fraction / posterior.record.noise_fraction) ** level.stretch
    quantiles, share = [], []
    for row in progress(range(len(flux)), desc="exact", unit="galaxy"):
        draws, log_weight = stretched_draws(
            posterior, simulator, flux[row : row + 1], fraction, stretch, level.candidates, settings.seed + row
        )
        quantiles.append(weighted_quantiles(draws[0].numpy(), torch.softmax(log_weight[0], 0).numpy()))
        share.append(efficiency(log_weight).item())
    return np.array(quantiles), np.array(share)
