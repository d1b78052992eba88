"""Numbers beside the tests: how far posteriors are off, what is detected, what it took; and what exact ones have."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from digs.base.statistics import bootstrap_rows, proportion
from digs.config.theta import NAMES
from digs.diagnostics.scores.measurements import Measurement, parts_of
from digs.diagnostics.scores.sample_pairs import SamplePairs, Widths, quantiles_of

_RESAMPLED = 100


@dataclass(frozen=True)
class Differences:
    """How posteriors differ from exact ones, (N, 5) each.

    shift: of medians, in exact half-widths; log_half, log_outer: ln ratios of the 68% and 95% widths.
    """

    shift: np.ndarray
    log_half: np.ndarray
    log_outer: np.ndarray

    @property
    def log_tails(self) -> np.ndarray:
        """Return ln ratios of how many times as wide as the 68% interval the 95% interval is."""
        return self.log_outer - self.log_half

    @classmethod
    def between(cls, widths: Widths, exact: Widths) -> "Differences":
        """Return how widths differ from those of exact posteriors."""
        return cls(
            widths.shift(exact, exact.half), np.log(widths.half / exact.half), np.log(widths.outer / exact.outer)
        )

    @classmethod
    def of_exact_entry(cls, pairs: SamplePairs, reference: np.ndarray, effective: np.ndarray) -> "Differences":
        """Return those that an exact entry of as many draws has by chance: that in its draws and that in the quantiles.

        Two halves of the reference draws differ by chance alone; variances are inverse to numbers of draws. The mean of
        logarithms, which is below 0 as few draws are narrower than many, is that of as many reference draws.

        Args:
            reference: all reference draws, in no order, (N, any number, 5).
            effective: the number of draws behind the exact quantiles, (N,).
        """
        draws, half = pairs.reference.shape[1], reference.shape[1] // 2
        halves = (reference[:, :half], reference[:, half : 2 * half])
        chance = cls.between(*(Widths.of(quantiles_of(each), pairs.least) for each in halves))
        mean = cls.between(pairs.widths[1], pairs.exact)
        scale = np.sqrt((1 / draws + 1 / effective) / (2 / half))[:, None]
        log_half, log_outer = (
            scale * (one - one.mean(0)) + other.mean(0)
            for one, other in ((chance.log_half, mean.log_half), (chance.log_outer, mean.log_outer))
        )
        return cls(scale * chance.shift, log_half, log_outer)


def difference_numbers(found: Differences, exact: Differences, seed: int) -> list[Measurement]:
    """Return plain numbers about differences; of several parameters, that which is farthest from what is expected.

    Args:
        exact: what an exact entry has.
    """
    again = bootstrap_rows(len(found.shift), _RESAMPLED, seed)
    size = lambda shift: np.median(np.abs(shift), 0)
    numbers = [_number("median |shift|", "of the medians, in exact half-widths", found.shift, exact.shift, size, again)]
    for width, values, expected in (("68%", found.log_half, exact.log_half), ("95%", found.log_outer, exact.log_outer)):
        for share in (0.05, 0.5, 0.95):
            name, meaning = (
                f"{width} width ratio, {share:.0%}",
                f"percentile of the ratios of {width} widths to exact ones",
            )
            ratio = partial(_ratio, share=share)
            numbers.append(_number(name, meaning, values, expected, ratio, again))
    return numbers


def _ratio(log_ratio: np.ndarray, share: float) -> np.ndarray:
    return np.exp(np.quantile(log_ratio, share, axis=0))


def _number(
    name: str, meaning: str, found: np.ndarray, exact: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray],
    again: np.ndarray,
) -> Measurement:  # fmt: skip
    """A statistic, (5,), of differences, (N, 5)."""
    values, expected = statistic(found), statistic(exact)
    errors = np.std([statistic(found[rows]) for rows in again], 0)
    worst = int(np.abs(values / expected - 1).argmax())
    return Measurement(
        name, meaning, float(values[worst]), float(errors[worst]), float(expected[worst]),
        where=NAMES[worst], parts=parts_of(NAMES, values, errors),
    )  # fmt: skip


def alarm_numbers(verdicts: np.ndarray, kind: Sequence[str] | None, strength: Sequence[float] | None) -> Measurement:
    """Return the share of galaxies that an entry says the model cannot make.

    Args:
        kind, strength: of what is wrong with each, or None, where nothing is.
    """
    whole = proportion(verdicts)
    value, error = whole["value"], whole["error"]
    if kind is None:
        return Measurement("false alarms", "share of good spectra that the entry calls impossible", value, error, 0.0)
    kind, strength = np.asarray(kind), np.asarray(strength)
    groups = sorted(set(zip(kind.tolist(), strength.tolist(), strict=True)))
    parts = {f"{one} {much:g}": proportion(verdicts[(kind == one) & (strength == much)]) for one, much in groups}
    return Measurement(
        "detected", "share of corrupted spectra that the entry calls impossible", value, error, parts=parts
    )
