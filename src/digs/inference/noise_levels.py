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
    """Return calibration on spectra of this noise, with widths and biases in units of the exact posteriors' widths.

    The mean of means less truths in units that the data define is zero for exact posteriors. A network that is told
    the wrong noise has posteriors of next to no width, in units of which (`z_mean`) single galaxies may rule the mean.
    """
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
    bias = mocks.deviations(settings.draws).residual / exact.half_width
    for place, name in enumerate(NAMES):
        result[name]["ratio"] = with_error(ratio[:, place], np.median, resampled)
        result[name]["bias_ratio"] = with_error(bias[:, place], np.mean, resampled)
    return result
