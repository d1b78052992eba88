"""Figure `general_validation`: posteriors of made spectra by signal-to-noise and missing share."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from itertools import pairwise
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from digs.base import paths
from digs.files.atomic import read_json
from digs.files.product import Product, read_product
from digs.files.schemas.general_validation_schema import GENERAL_VALIDATION
from digs.inference.engine.column_meanings import column_meaning
from digs.inference.general_check.cell_report import JOINT
from digs.inference.general_check.cells import MISSING
from digs.paper.plotting import BAND, BLUE, FAINT, GREEN, ORANGE, PAGE, PURPLE, SMALL, draw, save

COLOURS = (PURPLE, BLUE, GREEN, ORANGE)
MARKERS, DASHES = ("o", "s", "^", "D"), ("-", "--", "-.", ":")
STEP = 0.13  # between missing shares, so that bars do not hide one another
PALE = 0.55  # of the colours of the map, above which text is dark


def signals(ends: list[float]) -> list[str]:
    """Return the names of ranges of signal-to-noise."""
    return [f"{low:g} to {high:g}" for low, high in pairwise(ends)]


def by_cell(product: dict[str, Any], of_cell: Any) -> np.ndarray:
    """Return a number of each cell, shape (signals, missing shares)."""
    values = [of_cell(cell) for cell in product["measured"]["cells"].values()]
    return np.array(values).reshape(-1, len(MISSING))


def draw_efficiency(axes: Axes, product: dict[str, Any]) -> None:
    """Draw a map of the first proposal's efficiency, its median and 5th percentile in each cell."""
    median, tail = (by_cell(product, lambda cell, key=key: 100 * cell["first"][key]) for key in ("median", "tail"))
    axes.imshow(median, vmin=0, vmax=100, cmap="viridis", aspect="auto", origin="lower")
    for (row, column), value in np.ndenumerate(median):
        colour = "black" if value > 100 * PALE else "white"
        text = f"{value:.0f}\n({tail[row, column]:.1f})"
        axes.text(column, row, text, ha="center", va="center", fontsize=SMALL, color=colour)
    axes.set_xticks(range(len(MISSING)), [name.replace("%", "") for name in MISSING])
    axes.set_yticks(range(len(median)), signals(product["signal"]))
    axes.tick_params(length=0, which="both")
    axes.minorticks_off()
    axes.set(xlabel="Pixels missing (%)", ylabel="Signal-to-noise per 40 \N{ANGSTROM SIGN}")
    axes.set_title("Efficiency of first draws (%)", fontsize=8)


def draw_ranks(axes: Axes, curves: Product) -> None:
    """Draw how far the ranks of the truths depart from uniform ones, all cells together."""
    level, (low, high) = curves["level"], curves["band"]
    axes.fill_between(level, low - level, high - level, color=BAND, lw=0)
    looks = [(colour, dash) for dash in DASHES[:2] for colour in COLOURS]
    for name, curve, (colour, dash) in zip(curves.attributes["names"], curves["rank_cdf"], looks, strict=True):
        axes.plot(level, curve - level, color=colour, ls=dash, lw=0.9, label=column_meaning(name).label)
    most = 1.15 * max(np.abs(curves["rank_cdf"] - level).max(), (high - level).max())
    axes.set(xlim=(0, 1), ylim=(-most, 2 * most), xlabel="Rank of the truth", ylabel="Share below, less rank")
    axes.legend(ncols=2, loc="upper center", fontsize=SMALL, columnspacing=0.8, handlelength=1.8)


def draw_coverage(axes: Axes, product: dict[str, Any], fainter: float = 0.8) -> None:
    """Draw how often truths are in the joint 68% region."""
    value, error = (by_cell(product, lambda cell, key=key: cell["joint_68"][key]) for key in ("value", "error"))
    axes.axhline(JOINT, color=FAINT, lw=0.7)
    for place, name in enumerate(MISSING):
        at = np.arange(len(value)) + STEP * (place - (len(MISSING) - 1) / 2)
        axes.errorbar(
            at, value[:, place], error[:, place], color=COLOURS[place], marker=MARKERS[place], ls="", ms=3.5,
            elinewidth=fainter, capsize=1.5, label=name,
        )  # fmt: skip
    axes.set_xticks(range(len(value)), signals(product["signal"]), rotation=30, ha="right", rotation_mode="anchor")
    axes.tick_params(axis="x", which="both", length=0)
    axes.set(xlabel="Signal-to-noise", ylabel="Truths in the joint 68% region", ylim=(0.4, 1.0))
    axes.legend(title="Pixels missing", title_fontsize=SMALL, fontsize=SMALL, ncols=2, loc="upper center")


def main() -> None:
    """Draw efficiencies, ranks and coverage."""
    sources = [paths.DATA / "general_validation.json", paths.DATA / "general_validation.h5"]
    product, curves = read_json(sources[0]), read_product(sources[1], GENERAL_VALIDATION)
    figure, (efficiencies, ranks, coverage) = plt.subplots(1, 3, figsize=(PAGE, 2.7))
    draw_efficiency(efficiencies, product)
    draw_ranks(ranks, curves)
    draw_coverage(coverage, product)
    save(figure, "general_validation", sources)


if __name__ == "__main__":
    draw(main)
