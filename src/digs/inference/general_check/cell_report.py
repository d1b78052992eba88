"""What the posteriors of all cells say: efficiencies, ranks and coverage, and which of the bars they meet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy import stats

from digs.base.statistics import mean_and_error, proportion, value_and_error
from digs.config.stages.general_validation_settings import ValidationBars
from digs.diagnostics.joint import excursion, simultaneous_band
from digs.inference.general_check.cells import Cell
from digs.inference.general_check.galaxy_numbers import NUMBERS, RANKS

LEVELS = np.linspace(0, 1, 41)
JOINT, TAILS = 0.68, 0.95
_TAIL = 0.05


@dataclass(frozen=True)
class CellNumbers:
    """The numbers of all galaxies, shape (cells, galaxies, numbers), as of galaxy_numbers.

    cells: which these are.
    names: of the columns of theta.
    """

    cells: Sequence[Cell]
    names: tuple[str, ...]
    values: np.ndarray

    def of(self, name: str) -> np.ndarray:
        """Return one of NUMBERS, shape (cells, galaxies)."""
        return self.values[..., NUMBERS.index(name)]

    @property
    def ranks(self) -> np.ndarray:
        """Return the cumulative probabilities of truths, shape (cells, galaxies, columns)."""
        return self.values[..., RANKS:]

    def reached(self, bars: ValidationBars) -> np.ndarray:
        """Return the share of each cell's galaxies with enough effective draws.

        Galaxies that do not fit by chi-squared, as some must not, are left out; those that the engine fails on count.
        """
        enough = (self.of("effective") >= bars.effective) & (self.of("calls") <= bars.calls)
        counted = (self.of("outside") == 0) | (self.of("failed") == 1)
        return (enough & (self.of("refitted") == 0)).sum(1) / counted.sum(1).clip(1)

    def excursions(self, confidence: float) -> np.ndarray:
        """Return how far the ranks of each cell and column depart from uniform ones, shape (cells, columns).

        In units of the band that holds the curves of all of them together with this confidence (Sidak 1967), so that
        above 1 a posterior is wrong; nan where there are no ranks.
        """
        each = confidence ** (1 / (len(self.cells) * len(self.names)))
        return np.array([[rank_excursion(ranks, each) for ranks in cell.T] for cell in self.ranks])

    def pooled_excursions(self, confidence: float) -> np.ndarray:
        """Return the same of all cells' galaxies together, shape (columns,)."""
        each = confidence ** (1 / len(self.names))
        return np.array([rank_excursion(ranks, each) for ranks in self.ranks.reshape(-1, len(self.names)).T])


def rank_excursion(ranks: np.ndarray, confidence: float) -> float:
    """Return how far ranks between 0 and 1 depart from uniform ones, in units of a band of such a confidence.

    Args:
        ranks: shape (galaxies,); nan where there is none.
        confidence: that a curve of uniform ranks lies in the band at all levels.

    Example:
        >>> import numpy as np
        >>> from digs.inference.general_check.cell_report import rank_excursion
        >>> even = (np.arange(100) + 0.5) / 100
        >>> rank_excursion(even, 0.99) < 0.1, rank_excursion(even**2, 0.99) > 1
        (True, True)
    """
    number = np.isfinite(ranks).sum()
    if not number:
        return np.nan
    return float(excursion(rank_curve(ranks), LEVELS, simultaneous_band(number, LEVELS, confidence)))


def rank_curve(ranks: np.ndarray) -> np.ndarray:
    """Return the share of ranks up to each of LEVELS, shape (levels,).

    Args:
        ranks: shape (galaxies,); nan where there is none.
    """
    return (ranks[np.isfinite(ranks), None] <= LEVELS).mean(0)


def joint_coverage_of(nearer: np.ndarray) -> dict[str, float]:
    """Return how often the truth is in the joint 68% region, with its standard error if that is right.

    Args:
        nearer: the share of each posterior nearer than the truth, nan where there is none.
    """
    nearer = nearer[np.isfinite(nearer)]
    return value_and_error(float((nearer <= JOINT).mean()), float(np.sqrt(JOINT * (1 - JOINT) / max(len(nearer), 1))))


def cells_report(numbers: CellNumbers, bars: ValidationBars) -> dict[str, Any]:
    """Return what is measured in each cell, and in all together."""
    outside, reached = numbers.of("outside"), numbers.reached(bars)
    excursions = numbers.excursions(bars.confidence)
    found = {}
    for place, cell in enumerate(numbers.cells):
        of_cell = lambda name, place=place: numbers.of(name)[place]
        found[cell.name] = {
            "first": _median_and_tail(of_cell("first")),
            "reached": float(reached[place]),
            "calls": _median_and_tail(of_cell("calls")),
            "cpu_seconds": float(of_cell("seconds").mean()),
            "outside": int(outside[place].sum()),
            "failed": int(of_cell("failed").sum()),
            "refitted": int(of_cell("refitted").sum()),
            "joint_68": joint_coverage_of(of_cell("joint")),
            "excursion": dict(zip(numbers.names, excursions[place].tolist(), strict=True)),
        }
    pooled = dict(zip(numbers.names, numbers.pooled_excursions(bars.confidence).tolist(), strict=True))
    everything = {
        "galaxies": int(outside.size),
        "first": _median_and_tail(numbers.of("first")),
        "outside": int(outside.sum()),
        "failed": int(numbers.of("failed").sum()),
        "refitted": int(numbers.of("refitted").sum()),
        "cpu_seconds": float(numbers.of("seconds").sum()),
        "joint_68": joint_coverage_of(numbers.of("joint")),
        "excursion": pooled,
    }
    return {"cells": found, "all": everything}


def cells_verdicts(report: dict[str, Any], bars: ValidationBars) -> dict[str, bool]:
    """Return which bars a report of cells meets."""
    cells, everything = list(report["cells"].values()), report["all"]
    each = bars.confidence ** (1 / len(cells))
    worst = max(np.nanmax(list(cell["excursion"].values())) for cell in cells)
    return {
        "ranks": bool(worst <= 1),
        "ranks_of_all": bool(np.nanmax(list(everything["excursion"].values())) <= 1),
        "joint_68": all(_within(cell["joint_68"], each) for cell in cells),
        "joint_68_of_all": _within(everything["joint_68"], bars.confidence),
        "first": everything["first"]["median"] >= bars.first,
        "first_worst": min(cell["first"]["median"] for cell in cells) >= bars.first_worst,
        "reached": min(cell["reached"] for cell in cells) >= bars.share,
    }


def chains_report(found: np.ndarray, bars: ValidationBars) -> dict[str, Any]:
    """Return how the engine's draws differ from emcee's.

    Args:
        found: whether chains have converged and their points, then ratio of half-widths and difference of medians of
            each column, nan where there is none, shape (galaxies, columns + 1, 2).
    """
    ratio, shift = found[:, 1:, 0], np.abs(found[:, 1:, 1])
    median, off = float(np.nanmedian(ratio)), float(np.nanmedian(shift))
    return {
        "galaxies": int(np.isfinite(ratio).any(1).sum()),
        "converged": int(np.nansum(found[:, 0, 0])),
        "points": float(np.nanmedian(found[:, 0, 1])),
        "ratio": median,
        "ratio_of_columns": np.nanmedian(ratio, axis=0).tolist(),
        "shift": off,
        "shift_of_columns": np.nanmedian(found[:, 1:, 1], axis=0).tolist(),
        "met": {"half_widths": bool(bars.ratio[0] <= median <= bars.ratio[1]), "medians": off <= bars.shift},
    }


def bare_report(numbers: CellNumbers, bars: ValidationBars) -> dict[str, Any]:
    """Return how often the truth is in intervals of 95% of each column, and of all, and how far ranks are off.

    The error of the share of all columns is that of its mean over galaxies, whose columns are not independent. Galaxies
    outside the model have no ranks, and are not among those that are counted.

    Args:
        numbers: of galaxies with noise alone.
        bars: with the confidence of the band in which the ranks of right posteriors stay.
    """
    ranks = numbers.ranks.reshape(-1, len(numbers.names))
    held = np.where(np.isfinite(ranks), np.abs(ranks - 0.5) <= TAILS / 2, np.nan)
    of_galaxies = np.nanmean(held[np.isfinite(held).any(1)], axis=1)
    excursions = numbers.pooled_excursions(bars.confidence)
    failed = int(numbers.of("failed").sum())
    return {
        "galaxies": len(of_galaxies),
        "outside": int(numbers.of("outside").sum()),
        "failed": failed,
        "coverage_95": {
            name: proportion(column[np.isfinite(column)]) for name, column in zip(numbers.names, held.T, strict=True)
        },
        "coverage_95_of_all": mean_and_error(torch.as_tensor(of_galaxies)),
        "effective": _median_and_tail(numbers.of("effective")),
        "excursion": dict(zip(numbers.names, excursions.tolist(), strict=True)),
        "met": {"ranks_of_bare": bool(np.nanmax(excursions) <= 1) and not failed},
    }


def opponent_report(cells: Sequence[Cell], ours: np.ndarray, theirs: np.ndarray) -> dict[str, Any]:
    """Return effective draws per second of the processor, cell by cell.

    Args:
        ours, theirs: effective draws and seconds of the same galaxies, shape (cells, galaxies, 2).
    """
    speed = {"engine": ours, "templates": theirs}
    found = {
        cell.name: {name: float(each[place, :, 0].sum() / each[place, :, 1].sum()) for name, each in speed.items()}
        for place, cell in enumerate(cells)
    }
    won = {name: bool(each["engine"] > each["templates"]) for name, each in found.items()}
    return {"cells": found, "met": {"faster": all(won.values())}, "cells_won": sum(won.values())}


def _within(share: dict[str, float], confidence: float) -> bool:
    return bool(abs(share["value"] - JOINT) <= stats.norm.isf((1 - confidence) / 2) * share["error"])


def _median_and_tail(values: np.ndarray) -> dict[str, float]:
    """Median and 5th percentile of what is known."""
    return {"median": float(np.nanmedian(values)), "tail": float(np.nanquantile(values, _TAIL))}
