"""What a network makes of spectra whose noise is not what it was trained for."""

from typing import Any

import numpy as np

from digs.base.statistics import bootstrap_rows, with_error
from digs.config.stages.validation_settings import ValidationSettings
from digs.config.theta import NAMES
from digs.diagnostics.calibration_report import joint_coverage, summary_table
from digs.diagnostics.mocks import JOINT
from digs.exact.brute_force.grid import Grid
from digs.inference.mock_inference import exact_mocks, infer_mocks
from digs.inference.posterior import Posterior
from digs.physics.simulator import Simulator
from digs.training.pairs import exact_sample


def at_noise_level(
    signal_to_noise: float, posterior: Posterior, simulator: Simulator, settings: ValidationSettings
) -> dict[str, Any]:
    """Return calibration on spectra of this noise, and widths against those of the exact posteriors."""
    level, bootstrap, seed = settings.noise_levels, settings.bootstrap, settings.seed
    prior, fraction, case = posterior.flow.prior, 1 / signal_to_noise, f"S/N {signal_to_noise:g}"
    theta, flux = exact_sample(simulator, prior, fraction, level.spectra, seed, "noise levels")
    # the truths as centres: the ranks by distance are not used
    mocks = infer_mocks(posterior, (theta, flux), theta.numpy(), settings.draws, seed, case)
    exact = exact_mocks(Grid(simulator, prior, fraction), (theta, flux), level.draws, seed, f"Exact, {case}")
    resampled = bootstrap_rows(len(theta), bootstrap, seed)
    result: dict[str, Any] = {
        "signal_to_noise": signal_to_noise,
        "joint": joint_coverage(mocks.joint_rank[:, JOINT.index("density")], settings.draws, resampled),
        "effective": {"median": float(np.median(exact.effective)), "5": float(np.quantile(exact.effective, 0.05))},
        **summary_table(mocks, settings.draws, bootstrap, seed),
    }
    ratio = mocks.half_width / exact.half_width
    for place, name in enumerate(NAMES):
        result[name]["ratio"] = with_error(ratio[:, place], np.median, resampled)
    return result
