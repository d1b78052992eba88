"""How good an entry is: all measurements of it on one track, and whether it passes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from digs.base import inputs
from digs.base.progress import progress
from digs.base.torch_state import calculating
from digs.diagnostics.scores.classifier import classifier_test
from digs.diagnostics.scores.entries import BenchmarkEntry, check_galaxies
from digs.diagnostics.scores.measurements import LEVEL, Measurement, holm
from digs.diagnostics.scores.plain_numbers import Differences, alarm_numbers, difference_numbers
from digs.diagnostics.scores.reference_tests import relabelling_tests, swap_tests
from digs.diagnostics.scores.sample_pairs import SamplePairs
from digs.diagnostics.scores.score_table import table
from digs.diagnostics.scores.truth_tests import truth_tests
from digs.diagnostics.scores.weight_checks import inside_prior, weight_measurements


@dataclass(frozen=True)
class Curves:
    """What figures show beside the measurements.

    differences: of the entry's posteriors from exact ones, and expected: those of an exact entry. distance: of the two
        samples of each galaxy, (N,). probability: cumulative, at the truths, (N, 5), or None without truths.
    """

    differences: Differences
    expected: Differences
    distance: np.ndarray
    probability: np.ndarray | None


@dataclass(frozen=True)
class Scores:
    """All that was measured of an entry on a track of the benchmark.

    measurements: by groups; curves: for figures; compared: how many draws of each galaxy were looked at.

    Example:
        >>> from digs.diagnostics.scores.analytic_track import AnalyticTrack
        >>> from digs.diagnostics.scores.entries import BenchmarkEntry
        >>> from digs.diagnostics.scores.scoring import score_entry
        >>> track = AnalyticTrack.random(galaxies=30, draws=100, seed=1)
        >>> too_high = BenchmarkEntry.of(track.draws + track.standard_deviation[:, None])
        >>> scores = score_entry(too_high, track, seed=1)
        >>> scores.passes, "bias" in scores.failed
        (False, True)
    """

    name: str
    description: str
    label: str
    track: str
    galaxies: int
    draws: int
    compared: int
    seed: int
    groups: dict[str, list[Measurement]]
    curves: Curves

    @property
    def measurements(self) -> list[Measurement]:
        """Return all measurements."""
        return [each for group in self.groups.values() for each in group]

    @property
    def corrected(self) -> dict[str, float]:
        """Return the p-values of all tests, corrected for their number (Holm), by name."""
        tests = [each for each in self.measurements if each.p_value is not None]
        return dict(zip([each.name for each in tests], holm([each.p_value for each in tests]), strict=True))

    @property
    def failed(self) -> list[str]:
        """Return the names of the tests and checks that the entry fails."""
        significant = {name for name, p_value in self.corrected.items() if p_value < LEVEL}
        return [each.name for each in self.measurements if each.name in significant or each.tolerated is False]

    @property
    def passes(self) -> bool:
        """Return whether no test is significant and no check fails."""
        return not self.failed

    def __str__(self) -> str:
        return table(self)

    @property
    def verdict(self) -> str:
        """Return in one sentence whether the entry passes."""
        tests = len(self.corrected)
        if self.passes:
            return f"passes: none of {tests} tests is significant at {LEVEL:.0%} after correction for their number."
        return f"fails: {', '.join(self.failed)} ({tests} tests at {LEVEL:.0%} after correction for their number)."

    def to_json(self) -> dict[str, Any]:
        """Return everything but the curves as JSON takes it."""
        corrected = self.corrected
        return {
            "name": self.name,
            "description": self.description,
            "track": self.track,
            "galaxies": self.galaxies,
            "draws": self.draws,
            "compared": self.compared,
            "seed": self.seed,
            "passes": self.passes,
            "failed": self.failed,
            "verdict": self.verdict,
            "level": LEVEL,
            "measurements": {
                group: [
                    each.to_json() | ({"corrected": corrected[each.name]} if each.name in corrected else {})
                    for each in measurements
                ]
                for group, measurements in self.groups.items()
            },
        }


@calculating
def score_entry(
    entry: BenchmarkEntry, track: Any, seed: int = 0, corruptions: dict[str, Sequence] | None = None, quiet: bool = True
) -> Scores:
    """Return the scores of an entry.

    Args:
        entry: of all galaxies of the track, in its order.
        track: with draws and quantiles of exact posteriors, and their evidences; digs.load_track has them.
        seed: of the choice of draws and of all exchanges.
        corruptions: what is wrong with each spectrum, `kind` and `strength`, where something is.
        quiet: whether there is no progress bar.
    Raises:
        DigsError: the entry is of other galaxies.
    """
    seed = inputs.seed(seed)
    check_galaxies(len(entry.draws), track)
    groups: dict[str, list[Measurement]] = {}
    probability = None
    with progress(total=6, quiet=quiet, desc=f"Scores of {entry.label}", unit="part") as bar:
        pairs = SamplePairs.of(entry.draws, track.draws, track.quantiles, seed)
        found = Differences.between(pairs.widths[0], pairs.exact)
        exact = Differences.of_exact_entry(pairs, track.draws, track.effective)
        bar.update()
        tests = swap_tests(pairs, found, exact, seed)
        bar.update()
        by_galaxy, distance = relabelling_tests(pairs, seed)
        bar.update()
        against = "against exact posteriors"
        groups[against] = [*tests, *by_galaxy, classifier_test(pairs, seed)]
        groups["differences from exact posteriors"] = difference_numbers(found, exact, seed)
        bar.update()
        if track.theta is not None:
            groups["against truths"], probability = truth_tests(pairs.entry, track.theta, pairs.reference, seed)
        bar.update()
        outside = float(1 - inside_prior(entry.draws, track.prior)[1].mean())
        groups["density"] = [Measurement("outside the prior", "share of draws", outside, expected=0.0)]
        if entry.log_prob is not None:
            log_prob = entry.log_prob[:, pairs.chosen].astype(np.float64)
            groups["density"] += weight_measurements(track, pairs.entry, log_prob, seed)
        bar.update()
    if entry.verdicts is not None:
        wrong = (corruptions["kind"], corruptions["strength"]) if corruptions else (None, None)
        groups["verdicts"] = [alarm_numbers(entry.verdicts, *wrong)]
    if entry.seconds is not None:
        groups["cost"] = [Measurement("seconds", "a galaxy, as the entry says", float(entry.seconds.mean()))]
    return Scores(
        name=entry.name,
        description=entry.description,
        label=entry.label,
        track=track.name,
        galaxies=len(entry.draws),
        draws=entry.draws.shape[1],
        compared=pairs.entry.shape[1],
        seed=seed,
        groups=groups,
        curves=Curves(found, exact, distance, probability),
    )
