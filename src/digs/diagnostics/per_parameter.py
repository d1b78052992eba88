"""Numbers of each parameter, as the products hold them: {parameter: {name: {value, error}}}."""

from collections.abc import Callable, Mapping

import numpy as np

from digs.base.statistics import value_and_error, with_error
from digs.config.theta import NAMES

Table = dict[str, dict[str, dict[str, float]]]


def numbers_per_parameter(values: Mapping[str, np.ndarray], errors: Mapping[str, np.ndarray]) -> Table:
    """Return values with their standard errors, each of shape (5,), parameter by parameter."""
    return {
        parameter: {name: value_and_error(each[place], errors[name][place]) for name, each in values.items()}
        for place, parameter in enumerate(NAMES)
    }


def statistic_per_parameter(
    values: Mapping[str, np.ndarray], statistic: Callable[[np.ndarray], float], resampled: np.ndarray
) -> Table:
    """Return a statistic of values of galaxies, each of shape (galaxies, 5), with errors as of with_error."""
    return {
        parameter: {name: with_error(each[:, place], statistic, resampled) for name, each in values.items()}
        for place, parameter in enumerate(NAMES)
    }
