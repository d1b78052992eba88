"""Are the posteriors of mock galaxies calibrated? Curves, and numbers with their errors."""

from typing import Any

import numpy as np
import torch

from digs.base.statistics import (
    NAMED_LEVELS,
    QUANTILES,
    bootstrap_rows,
    errors_by_resampling,
    mean_and_error,
    value_and_error,
    with_error,
)
from digs.config.theta import NAMES
from digs.diagnostics.deviations import SUMMARIES
from digs.diagnostics.joint import excursion
from digs.diagnostics.mocks import JOINT, MockPosteriors
from digs.diagnostics.per_parameter import Table, numbers_per_parameter
from digs.diagnostics.ranks import named_coverage, probability_integral, rank_cdf, uniformity_p_value


def calibration_report(
    mocks: MockPosteriors, draws: int, level: np.ndarray, band: np.ndarray, bootstrap: int, seed: int
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return curves and numbers of each parameter and of all together.

    Args:
        draws: how many the ranks are out of.
        level: where the curves are evaluated, shape (levels,).
        band: that curves of uniform ranks stay in, shape (2, levels).
        bootstrap: how often galaxies are resampled for the errors; seed: of that.
    Returns:
        the distribution functions of the ranks, `rank_cdf` of the parameters and `joint_cdf` of JOINT, with 95% of
        what resampling makes of the latter, `joint_band`; and the numbers, by parameter and JOINT.
    """
    resampled = bootstrap_rows(len(mocks.truth), bootstrap, seed)
    rank = np.concatenate([mocks.rank, mocks.joint_rank], 1)
    cdf = rank_cdf(rank, draws, level)
    again = np.array([rank_cdf(rank[rows], draws, level) for rows in resampled])
    departure, departure_error = np.abs(cdf - level).max(1), np.abs(again - level).max(2).std(0)
    outside, p_values = excursion(cdf, level, band), uniformity_p_value(rank, draws)
    measured: dict[str, Any] = {
        name: {
            "departure": value_and_error(departure[place], departure_error[place]),
            "excursion": float(outside[place]),
            "uniform_ranks_p_value": float(p_values[place]),
        }
        for place, name in enumerate((*NAMES, *JOINT))
    }
    for name, column in zip(JOINT, mocks.joint_rank.T, strict=True):
        measured[name] |= joint_coverage(column, draws, resampled)
    summaries, residual = summary_table(mocks, draws, bootstrap, seed), mocks.deviations(draws).residual
    for place, name in enumerate(NAMES):
        measured[name] |= summaries[name] | {
            "scatter": with_error(residual[:, place], np.std, resampled),
            "rmse": with_error(residual[:, place], lambda each: np.sqrt(np.mean(each**2)), resampled),
            "half_width": with_error(mocks.half_width[:, place], np.median, resampled),
            "contraction": with_error(mocks.contraction[:, place], np.median, resampled),
        }
    curves = {
        "rank_cdf": cdf[: len(NAMES)],
        "joint_cdf": cdf[len(NAMES) :],
        "joint_band": np.quantile(again[:, len(NAMES) :], (QUANTILES[0], QUANTILES[-1]), axis=0),
    }
    return curves, measured


def summary_table(mocks: MockPosteriors, draws: int, bootstrap: int, seed: int) -> Table:
    """Return SUMMARIES of all galaxies with their errors, parameter by parameter."""
    values, errors = mocks.deviations(draws).summaries_and_errors(np.arange(len(mocks.truth)), bootstrap, seed)
    return numbers_per_parameter(*(dict(zip(SUMMARIES, each, strict=True)) for each in (values, errors)))


def joint_coverage(rank: np.ndarray, draws: int, resampled: np.ndarray) -> dict[str, dict[str, float]]:
    """Return how many ranks of all parameters at once, shape (galaxies,), are in the first 68% and 95%."""
    place = probability_integral(rank, draws)
    return {key: with_error(place <= level, np.mean, resampled) for key, level in NAMED_LEVELS.items()}


def ranks_against_exact(
    mocks: MockPosteriors, draws: int, probability: np.ndarray, level: np.ndarray, band: np.ndarray
) -> dict[str, Any]:
    """Return how exact posteriors are ranked on the same spectra, and how far the network's ranks are from theirs.

    Args:
        probability: the exact posteriors' cumulative probability at the truths, shape (galaxies, 5).
        draws, level, band: as of calibration_report.
    """
    excess = torch.as_tensor(probability_integral(mocks.rank, draws) - probability)
    outside = excursion((probability.T[:, :, None] <= level).mean(1), level, band)
    return {
        name: {
            "excursion": float(outside[place]),
            "mean": mean_and_error(torch.as_tensor(probability[:, place] - 0.5)),
            "excess": mean_and_error(excess[:, place]),
        }
        for place, name in enumerate(NAMES)
    }


def coverage_and_widths(rank: np.ndarray, half_width: np.ndarray, draws: int, resampled: np.ndarray) -> dict[str, Any]:
    """Return coverage, half-widths and uniformity of ranks, parameter by parameter.

    Args:
        rank: of the truths among so many draws, shape (galaxies, 5).
        half_width: of the posteriors, shape (galaxies, 5).
        resampled: rows of galaxies, for the errors.
    """

    def measure(rows: np.ndarray | slice) -> dict[str, np.ndarray]:
        return named_coverage(rank[rows], draws) | {"half_width": np.median(half_width[rows], 0)}

    table = numbers_per_parameter(measure(slice(None)), errors_by_resampling(measure, resampled))
    p_values = uniformity_p_value(rank, draws)
    return {
        name: {**numbers, "uniform_ranks_p_value": float(p_value)}
        for (name, numbers), p_value in zip(table.items(), p_values, strict=True)
    }
