"""Masses given the other columns of theta: uniform in the logarithm times a normal likelihood in the mass."""

import numpy as np

from digs.exact.normal.normal_equations import MassTerms
from digs.exact.normal.spectrum_density import REACH

_STEPS = 400  # of ln M, in which a distribution is added up
_AT_ONCE = 2000  # draws


def draw_logmass(terms: MassTerms, low: float, high: float, uniform: np.ndarray) -> np.ndarray:
    """Return log10 of masses, shape (N,), where the cumulative distributions have given values.

    Args:
        terms: of the masses, arrays of shape (N,).
        low, high: ends of the prior in log10 of the mass.
        uniform: between 0 and 1, shape (N,).

    Example:
        >>> import numpy as np
        >>> from digs.exact.normal.normal_equations import MassTerms
        >>> from digs.inference.engine.mass_draws import draw_logmass
        >>> sharp = MassTerms(np.array([1e10]), np.array([1e7]), np.array([0.0]))
        >>> draw_logmass(sharp, 6.0, 13.0, np.array([0.5])).round(3).tolist()
        [10.0]
    """
    found = np.empty(len(uniform))
    low, high = 10.0**low, 10.0**high
    for first in range(0, len(uniform), _AT_ONCE):
        rows = slice(first, first + _AT_ONCE)
        mean, std = terms.mean[rows], terms.std[rows]
        nearest = mean.clip(low, high)
        reach = np.sqrt((nearest - mean) ** 2 + (REACH * std) ** 2)
        start, stop = np.log((mean - reach).clip(low, high)), np.log((mean + reach).clip(low, high))
        x = start[:, None] + (stop - start)[:, None] * np.linspace(0, 1, _STEPS + 1)
        middle = np.exp((x[:, 1:] + x[:, :-1]) / 2)
        exponent = -(((middle - mean[:, None]) / std[:, None]) ** 2) / 2
        density = np.exp(exponent - exponent.max(1, keepdims=True))
        total = np.concatenate([np.zeros((len(mean), 1)), density.cumsum(1)], 1)
        goal = uniform[rows] * total[:, -1]
        cell = (total <= goal[:, None]).sum(1).clip(1, _STEPS) - 1
        row = np.arange(len(mean))
        share = (goal - total[row, cell]) / np.maximum(density[row, cell], 1e-300)
        found[rows] = (x[row, cell] + share.clip(0, 1) * (x[row, cell + 1] - x[row, cell])) / np.log(10)
    return found.clip(np.log10(low), np.log10(high))


def with_masses(
    theta: np.ndarray, terms: MassTerms, logmass_range: tuple[float, float], random: np.random.Generator
) -> np.ndarray:
    """Return draws whose first column is a mass, drawn given the others, shape (N, columns).

    Args:
        theta: draws, whose masses do not count, shape (N, columns).
        terms: of the masses, arrays of shape (N,).
        logmass_range: ends of the prior in log10 of the mass.
        random: source of random numbers.
    """
    theta = theta.copy()
    theta[:, 0] = draw_logmass(terms, *logmass_range, random.random(len(theta)))
    return theta


def as_arrays(terms: MassTerms) -> MassTerms:
    """Return masses as arrays, those of tensors."""
    return MassTerms(terms.mean.numpy(), terms.std.numpy(), terms.peak.numpy())
