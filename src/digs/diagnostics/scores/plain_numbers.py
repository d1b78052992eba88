"""Numbers beside the tests: how far posteriors are off, what is detected, what it took; and what exact ones have."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from digs.base.random_streams import stream
from digs.base.statistics import bootstrap_rows, errors_by_resampling, proportion
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
    def of_exact_entry(cls, pairs: SamplePairs, effective: np.ndarray, seed: int) -> "Differences":
        """Return those that an exact entry of as many draws has by chance: the chance in its draws and in the quantiles.

        Args:
            effective: the number of draws behind the exact quantiles, (N,).
        """
        galaxies, draws = pairs.reference.shape[:2]
        chosen = stream(seed, "exact entry").integers(draws, size=(galaxies, draws, 1))
        again = Widths.of(quantiles_of(np.take_along_axis(pairs.reference, chosen, 1)), pairs.least)
        own = cls.between(again, pairs.widths[1])
        both = np.sqrt(1 + draws / effective)[:, None]
        return cls(both * own.shift, both * own.log_half, both * own.log_outer)


def difference_numbers(found: Differences, exact: Differences, seed: int) -> list[Measurement]:
    """Return plain numbers about differences; of several parameters, that which is farthest from what is expected.

    Args:
        exact: what an exact entry has.
    """
    percentile = lambda share: lambda values: np.exp(np.quantile(values, share, axis=0))
    shown = [("median |shift|", "of the medians, in exact half-widths", "shift", lambda each: np.median(abs(each), 0))]
    shown += [
        (
            f"{width} width ratio, {share:.0%}",
            f"percentile of the galaxies' ratios of {width} widths to exact ones",
            key,
            percentile(share),
        )
        for width, key in (("68%", "log_half"), ("95%", "log_outer"))
        for share in (0.05, 0.5, 0.95)
    ]
    again = bootstrap_rows(len(found.shift), _RESAMPLED, seed)
    numbers = []
    for name, meaning, key, statistic in shown:
        values, expected = statistic(getattr(found, key)), statistic(getattr(exact, key))
        errors = errors_by_resampling(lambda rows: {"": statistic(getattr(found, key)[rows])}, again)[""]
        worst = int(np.abs(values / expected - 1).argmax())
        numbers.append(
            Measurement(
                name, meaning, float(values[worst]), float(errors[worst]), float(expected[worst]),
                where=NAMES[worst], parts=parts_of(NAMES, values, errors),
            )
        )  # fmt: skip
    return numbers


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
