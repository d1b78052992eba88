"""Bias and coverage of posteriors close to the ends of the prior."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from digs.base.statistics import NAMED_LEVELS, bootstrap_rows, with_error
from digs.config.theta import NAMES
from digs.physics.prior import Prior

LEAST_GALAXIES = 30  # that say anything
LEAST_DRAWS = 20  # inside the prior, that tell a posterior
_RESAMPLINGS = 200


def marginals_inside(prior: Prior, draws: Tensor, truth: np.ndarray) -> dict[str, np.ndarray]:
    """Return `median`, `half_width` and `probability` (cumulative, at the truth) of posteriors, shape (N, 5) each.

    Draws outside the prior, which those of a network trained on a wider one may be, are left out; nan where hardly any
    are inside.

    Args:
        draws: shape (N, draws, 5), float64.
        truth: shape (N, 5).
    """
    inside = prior.contains(draws)[..., None]
    number = inside.sum(1)
    inside = inside & (number >= LEAST_DRAWS)[:, None]
    kept = torch.where(inside, draws, torch.nan)
    low, median, high = torch.nanquantile(kept, torch.tensor([0.16, 0.5, 0.84], dtype=torch.float64), 1)
    below = (kept < torch.as_tensor(truth)[:, None]).sum(1)
    found = {"median": median, "half_width": (high - low) / 2, "probability": (below + 0.5) / (number + 1)}
    return {name: values.numpy() for name, values in found.items()}


def bias_and_coverage(
    truth: np.ndarray, marginals: dict[str, np.ndarray], rows: np.ndarray, place: int
) -> dict[str, Any] | None:
    """Return bias, in the parameter's unit and in half-widths, and coverage; None of fewer than LEAST_GALAXIES.

    Args:
        truth: shape (N, 5).
        marginals: as of marginals_inside; galaxies without are counted as lost.
        rows: whether a galaxy belongs to those that are looked at, shape (N,).
        place: of the parameter in theta.
    """
    known = rows & np.isfinite(marginals["median"][:, place])
    number = int(known.sum())
    if number < LEAST_GALAXIES:
        return None
    residual = marginals["median"][known, place] - truth[known, place]
    depth = np.abs(2 * marginals["probability"][known, place] - 1)
    numbers: dict[str, Any] = {"galaxies": number, "lost": int(rows.sum()) - number}
    resampled = bootstrap_rows(number, _RESAMPLINGS, place)
    for key, values, statistic in (
        # medians, as a few posteriors that are all at the end have next to no width
        ("bias", residual, np.median),
        ("bias_in_widths", residual / marginals["half_width"][known, place], np.median),
        *((key, depth <= level, np.mean) for key, level in NAMED_LEVELS.items()),
    ):
        numbers[key] = with_error(values, statistic, resampled)
    return numbers


def at_the_ends(prior: Prior, truth: np.ndarray, marginals: dict[str, np.ndarray], share: float) -> dict[str, Any]:
    """Return bias_and_coverage at each end of each parameter's range, of galaxies that are there by truth or estimate.

    Args:
        truth, marginals: as of bias_and_coverage.
        share: of a range that is close to an end.
    """
    unit = {
        "by_truth": prior.to_unit(torch.as_tensor(truth)).numpy(),
        "by_estimate": prior.to_unit(torch.as_tensor(marginals["median"])).numpy(),
    }

    def measured(place: int, distance: dict[str, np.ndarray]) -> dict[str, Any]:
        return {
            selection: bias_and_coverage(truth, marginals, each[:, place] < share, place)
            for selection, each in distance.items()
        }

    from_high = {selection: 1 - each for selection, each in unit.items()}
    return {
        parameter: {"low": measured(place, unit), "high": measured(place, from_high)}
        for place, parameter in enumerate(NAMES)
    }
