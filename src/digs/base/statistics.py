"""Widths of posteriors from draws or chains, with their sampling errors, and how two posteriors differ."""

import math
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

_BOOTSTRAP = 400


QUANTILES = (0.025, 0.16, 0.5, 0.84, 0.975)
NAMED_LEVELS = {"coverage_68": 0.68, "coverage_95": 0.95}
_LOW, _MEDIAN, _HIGH = (QUANTILES.index(each) for each in (0.16, 0.5, 0.84))


def half_width(theta: np.ndarray) -> np.ndarray:
    """Return half the distance between the 16th and the 84th percentile, shape (parameters,).

    Args:
        theta: shape (draws, parameters).
    """
    low, high = np.percentile(theta, (16, 84), axis=0)
    return (high - low) / 2


def half_width_and_error(theta: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return half_width and its standard error, each of shape (parameters,).

    Args:
        theta: shape (groups, draws, parameters). Groups are resampled whole, so that the draws of one group, such as
            the walk of one emcee walker, may be correlated.
    """
    groups = len(theta)
    random = np.random.default_rng(seed)
    again = [
        half_width(theta[random.integers(groups, size=groups)].reshape(-1, theta.shape[2])) for _ in range(_BOOTSTRAP)
    ]
    return half_width(theta.reshape(-1, theta.shape[2])), np.std(again, axis=0)


def weighted_quantiles(
    theta: np.ndarray, weight: np.ndarray, probabilities: tuple[float, ...] = QUANTILES
) -> np.ndarray:
    """Return quantiles, shape (probabilities, parameters), of weighted draws, (draws, parameters) and (draws,)."""
    return np.quantile(theta, probabilities, axis=0, weights=weight, method="inverted_cdf")


def weighted_mean_and_std(draws: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return means and standard deviations, (N, parameters) each, of weighted draws of N galaxies.

    Args:
        draws: shape (N, draws, parameters).
        weight: shape (N, draws); those of a galaxy add up to 1.
    """
    mean = (weight[..., None] * draws).sum(1)
    return mean, np.sqrt((weight[..., None] * (draws - mean[:, None]) ** 2).sum(1))


def reweighted_quantiles(draws: np.ndarray, log_weight: torch.Tensor) -> np.ndarray:
    """Return QUANTILES, shape (N, quantiles, parameters), of weighted draws of N galaxies, (N, draws, parameters)."""
    weight = torch.softmax(log_weight, 1).numpy()
    return np.stack([weighted_quantiles(*each) for each in zip(draws, weight, strict=True)])


def ratio_and_shift(quantiles: np.ndarray, reference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how posteriors differ from reference ones, by QUANTILES of both, (galaxies, quantiles, parameters).

    Returns:
        the ratio of half-widths, and the difference of medians in units of the reference's half-width, each of shape
        (galaxies, parameters).
    """
    width, reference_width = ((each[:, _HIGH] - each[:, _LOW]) / 2 for each in (quantiles, reference))
    return width / reference_width, (quantiles[:, _MEDIAN] - reference[:, _MEDIAN]) / reference_width


def value_and_error(value: float, error: float) -> dict[str, float]:
    """Return a number with its standard error, as the products hold them."""
    return {"value": float(value), "error": float(error)}


def mean_and_error(values: torch.Tensor) -> dict[str, float]:
    """Return the mean of independent values, shape (N,), and its standard error."""
    return value_and_error(values.mean(), values.std() / len(values) ** 0.5)


def grouped(draws: np.ndarray, groups: int = 100) -> np.ndarray:
    """Return independent draws, (n, parameters), as groups for half_width_and_error; what does not fit is left out."""
    size = len(draws) // groups
    return draws[: size * groups].reshape(groups, size, -1)


def bootstrap_rows(galaxies: int, times: int, seed: int) -> np.ndarray:
    """Return resampled row numbers, shape (times, galaxies)."""
    return np.random.default_rng(seed).integers(galaxies, size=(times, galaxies))


def with_error(values: np.ndarray, statistic: Callable[[np.ndarray], float], resampled: np.ndarray) -> dict[str, float]:
    """Return a statistic of galaxies' values, and its standard error from the resampled rows of bootstrap_rows."""
    return value_and_error(statistic(values), np.std([statistic(values[rows]) for rows in resampled]))


def errors_by_resampling(
    measure: Callable[[np.ndarray], Mapping[str, np.ndarray]], resampled: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the standard errors of all that a function measures of some galaxies.

    Args:
        measure: of the galaxies in some rows, for each of which it returns arrays of the same shapes.
        resampled: rows of galaxies, as of bootstrap_rows.
    """
    again = [measure(rows) for rows in resampled]
    return {name: np.std([each[name] for each in again], axis=0) for name in again[0]}


def efficiency(log_weight: Tensor) -> Tensor:
    """Return the effective share of the draws (Kish 1965), between 1 / draws and 1, shape (N,): 1 if q is exact."""
    weight = torch.softmax(log_weight, 1)
    return 1 / (weight.square().sum(1) * weight.shape[1])


def log_evidence(log_weight: Tensor) -> Tensor:
    """Return ln of the integral of likelihood times prior, shape (N,)."""
    return torch.logsumexp(log_weight, 1) - math.log(log_weight.shape[1])


def resample(log_weight: Tensor, number: int, generator: torch.Generator) -> Tensor:
    """Return so many different draws of each galaxy, chosen by their weights, as row numbers, shape (N, number).

    The number should be well below the effective number of draws; then they follow the exact posterior.
    """
    return torch.multinomial(torch.softmax(log_weight, 1), number, generator=generator)


def resample_systematically(log_weight: np.ndarray, number: int, random: np.random.Generator) -> np.ndarray:
    """Return so many draws of one galaxy, chosen by their ln weights, (draws,), as row numbers in random order.

    One random number and equal steps along the running sum of the weights (Kitagawa 1996): a draw whose weight is below
    1 / number of all is not chosen twice.
    """
    weight = np.exp(log_weight - log_weight.max())
    total = weight.cumsum()
    steps = (random.random() + np.arange(number)) / number
    rows = np.searchsorted(total, steps * total[-1], side="right")
    return random.permutation(np.minimum(rows, np.flatnonzero(weight)[-1]))


def proportion(happened: np.ndarray) -> dict[str, float] | None:
    """Return the share of cases, shape (N,), in which something happened, with its standard error; None without cases.

    The error is binomial, with half a case added to either side, so that it is never 0.
    """
    cases = len(happened)
    if not cases:
        return None
    likely = (happened.sum() + 0.5) / (cases + 1)
    return {"value": float(happened.mean()), "error": float(np.sqrt(likely * (1 - likely) / cases)), "cases": cases}
