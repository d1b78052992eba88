"""Scores as a table of short texts, for terminals and pages."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from digs.diagnostics.scores.measurements import Measurement

_HEAD = ("", "value", "exact", "p", "of")
_MOST_DECIMALS = 5
_NOTHING = 1e-9


@dataclass(frozen=True)
class Row:
    """A line of the table: texts of a measurement, what it means, and whether the entry fails it."""

    name: str
    value: str
    expected: str
    p_value: str
    where: str
    meaning: str
    failed: bool

    @property
    def cells(self) -> tuple[str, ...]:
        """Return what stands in the columns."""
        return self.name, self.value, self.expected, self.p_value + " *" * self.failed, self.where


def number(value: float, error: float | None = None) -> str:
    """Return a number, and its error where it has one, to two digits of the error.

    Example:
        >>> from digs.diagnostics.scores.score_table import number
        >>> number(1.0432, 0.0123), number(1.0432)
        ('1.043 ± 0.012', '1.04')
    """
    if not error or error < 0.1**_MOST_DECIMALS or abs(value) >= 1e5:
        return f"{value:.3g}" if abs(value) > _NOTHING else "0"
    decimals = min(max(0, 1 - math.floor(math.log10(error))), _MOST_DECIMALS)
    return f"{value:.{decimals}f} ± {error:.{decimals}f}"


def row_of(measurement: Measurement, failed: bool) -> Row:
    """Return the line of a measurement."""
    value, error, expected = measurement.value, measurement.error, measurement.expected
    p_value = "" if measurement.p_value is None else number(measurement.p_value)
    return Row(
        measurement.name,
        number(value, error),
        "" if expected is None else number(expected),
        p_value,
        measurement.where,
        measurement.meaning,
        failed,
    )


def rows(scores: Any) -> Iterator[tuple[str, list[Row]]]:
    """Yield the groups of measurements and their lines."""
    for group, measurements in scores.groups.items():
        yield group, [row_of(each, each.name in scores.failed) for each in measurements]


def summary(scores: Any) -> str:
    """Return what was scored, in one line."""
    compared = "" if scores.compared == scores.draws else f", of which {scores.compared} were looked at"
    return f"Track {scores.track}: {scores.galaxies} galaxies, {scores.draws} draws each{compared}; seed {scores.seed}."


def table(scores: Any) -> str:
    """Return the table as lines of text, and the verdict; a star marks what the entry fails."""
    groups = list(rows(scores))
    cells = [_HEAD, *(row.cells for _, found in groups for row in found)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEAD))]
    line = lambda row: "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    text = [scores.label, summary(scores), "", line(_HEAD)]
    for group, found in groups:
        text += [f"-- {group}", *(line(row.cells) for row in found)]
    return "\n".join([*text, "", f"{scores.label} {scores.verdict}"])
