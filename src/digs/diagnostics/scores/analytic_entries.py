"""Entries of which one knows what is wrong with them, to see whether the scores find it, and nothing in exact ones.

All are for random galaxies whose posteriors are normal (analytic_track). How wrong they are is a number each:

    too_wide, too_narrow  the factor by which all draws are farther from the mean
    shifted               all medians of the first parameter, in standard deviations
    heavy_tailed          degrees of freedom of Student's t, with the 68% width of the normal distribution
    one_bad_galaxy        the shift of a single galaxy's draws, as above
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats
from threadpoolctl import threadpool_limits

from digs.base.random_streams import stream
from digs.diagnostics.scores.analytic_track import AnalyticTrack
from digs.diagnostics.scores.entries import BenchmarkEntry
from digs.diagnostics.scores.scoring import score_entry

EXACT = "exact"


Wrong = Callable[[AnalyticTrack, np.ndarray, float, np.random.Generator], np.ndarray]


def _scaled(track: AnalyticTrack, normal: np.ndarray, strength: float, _: np.random.Generator) -> np.ndarray:
    return track.placed(strength * normal)


def _shifted(track: AnalyticTrack, normal: np.ndarray, strength: float, _: np.random.Generator) -> np.ndarray:
    draws = track.placed(normal)
    draws[:, :, 0] += strength * track.standard_deviation[:, :1]
    return draws


def _heavy_tailed(track: AnalyticTrack, normal: np.ndarray, strength: float, random: np.random.Generator) -> np.ndarray:
    stretch = np.sqrt(strength / random.chisquare(strength, normal.shape[:2]))
    end = stats.norm.cdf(1)
    return track.placed(normal * stretch[..., None] / stats.t.ppf(end, strength))


def _one_bad_galaxy(
    track: AnalyticTrack, normal: np.ndarray, strength: float, random: np.random.Generator
) -> np.ndarray:
    draws = track.placed(normal)
    galaxy = random.integers(len(draws))
    draws[galaxy, :, 0] += strength * track.standard_deviation[galaxy, 0]
    return draws


WRONG: dict[str, Wrong] = {
    "too_wide": _scaled,
    "too_narrow": _scaled,
    "shifted": _shifted,
    "heavy_tailed": _heavy_tailed,
    "one_bad_galaxy": _one_bad_galaxy,
}


@dataclass(frozen=True)
class Trial:
    """What the scores say of one analytic entry: p-values of the tests, and the names of what it fails."""

    p_values: dict[str, float]
    failed: list[str]


def trial(kind: str, strength: float, galaxies: int, draws: int, seed: int) -> Trial:
    """Score an entry of a kind for new galaxies, by one thread.

    Args:
        kind: EXACT, or one of WRONG, and strength, how wrong it is.
        draws: of each galaxy, and of its reference.

    Example:
        >>> from digs.diagnostics.scores.analytic_entries import trial
        >>> "widths" in trial("too_wide", 1.5, galaxies=50, draws=100, seed=1).failed
        True
    """
    track = AnalyticTrack.random(galaxies, draws, seed)
    random = stream(seed, f"analytic entry {kind}")
    normal = random.standard_normal((galaxies, draws, track.mean.shape[1]))
    entry = track.placed(normal) if kind == EXACT else WRONG[kind](track, normal, strength, random)
    with threadpool_limits(1):
        scores = score_entry(BenchmarkEntry.of(entry, track.log_prob(entry) if kind == EXACT else None), track, seed)
    p_values = {each.name: each.p_value for each in scores.measurements if each.p_value is not None}
    return Trial(p_values, scores.failed)
