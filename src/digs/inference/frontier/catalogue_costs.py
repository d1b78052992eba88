"""What posteriors of a catalogue cost: set-up or training once, and then so much a galaxy.

All methods are asked for the same, a number of effective draws of each galaxy (Kish 1965). Where a method makes a fixed
number of draws of which the share e is effective, it makes 1 / e times as many; the mean of 1 / e over galaxies is what
a catalogue takes, to which its worst galaxies contribute the most.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from digs.base.benchmark import spread
from digs.base.statistics import bootstrap_rows, with_error

_TAIL = 0.05  # quantile of the shares


def shares(effective_share: np.ndarray, times: int, seed: int) -> dict[str, dict[str, float]]:
    """Return median, tail (the 5th percentile) and mean of effective shares, (galaxies,), with their errors.

    Args:
        times: resamplings of the galaxies behind the errors.
    """
    rows = bootstrap_rows(len(effective_share), times, seed)
    statistics = {"median": np.median, "tail": lambda values: np.quantile(values, _TAIL), "mean": np.mean}
    return {name: with_error(effective_share, statistic, rows) for name, statistic in statistics.items()}


def each(seconds: np.ndarray, more: np.ndarray, times: int, seed: int) -> dict[str, Any]:
    """Return what one galaxy takes to the wanted number of effective draws: mean over galaxies, and its error.

    Args:
        seconds: of what was timed, (repeats,).
        more: how many times that each galaxy takes, (galaxies,).
        times: as of shares.
    Returns:
        timed, the spread of seconds, and seconds, whose error is that of both.
    """
    found = with_error(more, np.mean, bootstrap_rows(len(more), times, seed))
    middle, error = np.median(seconds), np.std(seconds, ddof=1) / math.sqrt(len(seconds))
    relative = math.hypot(found["error"] / found["value"], error / middle)
    value = middle * found["value"]
    return {"timed": spread(seconds), "seconds": {"value": value, "error": value * relative}}


def per_galaxy(method: Mapping[str, Any], galaxies: float) -> float:
    """Return the seconds of one galaxy in a catalogue of so many, a share of the set-up included."""
    return method["set_up"] / galaxies + method["seconds"]["value"]


def cheapest(methods: Mapping[str, Mapping[str, Any]], galaxies: float) -> str:
    """Return the name of the method that takes the least for so many galaxies."""
    return min(methods, key=lambda name: per_galaxy(methods[name], galaxies))


def break_even(slow_to_set_up: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """Return from how many galaxies on the first method takes less than the other; infinite if it never does.

    Example:
        >>> from digs.inference.frontier.catalogue_costs import break_even
        >>> trained = {"set_up": 1000.0, "seconds": {"value": 0.1, "error": 0.0}}
        >>> untrained = {"set_up": 0.0, "seconds": {"value": 2.1, "error": 0.0}}
        >>> break_even(trained, untrained), break_even(untrained, trained)
        (500.0, 0.0)
    """
    later = slow_to_set_up["set_up"] - other["set_up"]
    saved = other["seconds"]["value"] - slow_to_set_up["seconds"]["value"]
    if later <= 0:
        return 0.0 if saved >= 0 else math.inf
    return later / saved if saved > 0 else math.inf
