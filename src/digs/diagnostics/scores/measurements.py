"""What scores consist of: measurements, some of which are tests, and the verdict on all tests together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from digs.base.statistics import value_and_error

LEVEL = 0.01  # of all tests together, at which an entry fails
CHECK_TOLERANCE, CHECK_ERRORS = 0.1, 5.0  # a check fails beyond both: by so much, and by so many standard errors


@dataclass(frozen=True)
class Measurement:
    """One number that says how good an entry is.

    name, meaning: in a word, and in words.
    value, error: the number and its standard error; expected: what an exact method has at this sample size. None where
        there is none.
    p_value: of an entry that is exact, where this is a test.
    tolerated: whether a check, of a number that has no p-value, is kept; None where this is none.
    where: the parameter, the two parameters or the galaxy that the value is of, where there are several.
    parts: the same number of each parameter, or of whatever it is made of: {name: {value, error}}.
    """

    name: str
    meaning: str
    value: float
    error: float | None = None
    expected: float | None = None
    p_value: float | None = None
    tolerated: bool | None = None
    where: str = ""
    parts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON takes it; what there is none of is left out."""
        return {key: value for key, value in vars(self).items() if value is not None and value != "" and value != {}}


def check(name: str, meaning: str, value: float, error: float, where: str = "", parts: Any = None) -> Measurement:
    """Return a check of a number that should be 0; where and parts are as of Measurement."""
    off = abs(value) > max(CHECK_TOLERANCE, CHECK_ERRORS * error)
    return Measurement(name, meaning, value, error, 0.0, tolerated=not off, where=where, parts=parts or {})


def parts_of(names: Sequence[str], values: np.ndarray, errors: np.ndarray) -> dict[str, dict[str, float]]:
    """Return values and their standard errors, (names,) each, by name."""
    return {name: value_and_error(*each) for name, *each in zip(names, values, errors, strict=True)}


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values that are corrected for their number (Holm 1979).

    Each is the smallest level of all tests together at which its own is significant.

    Example:
        >>> from digs.diagnostics.scores.measurements import holm
        >>> holm([0.5, 0.001, 0.02])
        [0.5, 0.003, 0.04]
    """
    order = np.argsort(p_values)
    times = np.arange(len(order), 0, -1) * np.asarray(p_values, dtype=float)[order]
    corrected = np.empty(len(order))
    corrected[order] = np.minimum(np.maximum.accumulate(times), 1)
    return corrected.tolist()
