"""The league in short: what tables and the text say of each entry."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_SHIFT, _WIDTH = "median |shift|", "68% width ratio, {}%"


@dataclass(frozen=True)
class LeagueRow:
    """An entry of the league.

    failed, tests: how many tests and checks it fails, and how many there are. shift: the median size of the medians'
    shifts, in exact half-widths, of the parameter where it is largest; width, narrow, wide: the median, 5th and 95th
    percentile of half-width ratios, of the parameter whose median is farthest from 1. efficiency: the median of that of
    importance sampling, if there is a density.
    detected: the share of corrupted spectra that it calls impossible, if it judges. seconds: of a galaxy, median, low
    and high. training: seconds of processors, and epochs, if any.
    """

    track: str
    name: str
    failed: int
    tests: int
    shift: float
    width: float
    narrow: float
    wide: float
    efficiency: float | None
    detected: float | None
    seconds: Mapping[str, float]
    training: float | None
    epochs: int | None

    @classmethod
    def of(cls, track: str, entry: Mapping[str, Any]) -> "LeagueRow":
        """Return what is shown of an entry as the product has it."""
        each = {one["name"]: one for group in entry["measurements"].values() for one in group}
        value = lambda name: each[name]["value"] if name in each else None
        part = lambda name: {key: found["value"] for key, found in each[name]["parts"].items()}
        ratios = part(_WIDTH.format(50))
        farthest = max(ratios, key=lambda name: abs(ratios[name] - 1))
        return cls(
            track=track,
            name=entry["name"],
            failed=len(entry["failed"]),
            tests=sum("p_value" in one or "tolerated" in one for one in each.values()),
            shift=max(part(_SHIFT).values()),
            width=ratios[farthest],
            narrow=part(_WIDTH.format(5))[farthest],
            wide=part(_WIDTH.format(95))[farthest],
            efficiency=value("efficiency"),
            detected=value("detected"),
            seconds=entry["seconds"],
            training=entry["training"].get("cpu_seconds"),
            epochs=entry["training"].get("epochs"),
        )


def league_rows(league: Mapping[str, Any]) -> Iterator[LeagueRow]:
    """Yield all entries of src/data/league.json, track by track."""
    for track, entries in league["tracks"].items():
        yield from (LeagueRow.of(track, entry) for entry in entries)
