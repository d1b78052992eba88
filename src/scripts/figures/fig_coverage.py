"""Figure `coverage`: rank distributions and coverage, as Fig. 6 of Khullar et al. (2022)."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from digs.base import paths
from digs.config.theta import MEANINGS
from digs.files.product import Product, read_product
from digs.files.schemas.calibration_schema import CALIBRATION
from digs.paper.plotting import BAND, COLOURS, DASHES, PAGE, SMALL, TRUTH, draw, note, save


def draw_ranks(axes: Axes, calibration: Product) -> None:
    """Draw the distribution of ranks, less the uniform one."""
    level = calibration["level"]
    axes.fill_between(level, *(calibration["cdf_band"] - level), color=BAND, lw=0, label="95% if uniform")
    axes.axhline(0, color=TRUTH, lw=0.7, ls="--")
    for parameter, cdf in zip(MEANINGS, calibration["rank_cdf"], strict=True):
        axes.plot(level, cdf - level, color=COLOURS[parameter.name], ls=DASHES[parameter.name], label=parameter.label)
    reach = 1.15 * max(abs(calibration["rank_cdf"] - level).max(), abs(calibration["cdf_band"] - level).max())
    axes.set(
        xlabel="Normalised rank $r$", ylabel="Share of ranks below $r$, less $r$", xlim=(0, 1), ylim=(-reach, reach)
    )


def draw_coverage(axes: Axes, calibration: Product) -> None:
    """Draw how often the central interval of each level holds the truth."""
    level = calibration["level"]
    low, high = calibration["coverage_band"]
    for place, parameter in enumerate(MEANINGS):
        colour = COLOURS[parameter.name]
        axes.fill_between(level, low[place], high[place], color=colour, alpha=0.25, lw=0)
        axes.plot(level, calibration["coverage"][place], color=colour, ls=DASHES[parameter.name])
    axes.axline((0, 0), slope=1, color=TRUTH, lw=0.7, ls="--")
    note(axes, "under-confident:\nintervals too wide", fontsize=8)
    note(axes, "over-confident:\nintervals too narrow", 0.97, 0.55, va="center", fontsize=8)
    axes.set(xlabel="Credible level", ylabel="Share of truths inside", xlim=(0, 1), ylim=(0, 1))

    inset = axes.inset_axes((0.57, 0.09, 0.41, 0.27))
    for parameter, share in zip(MEANINGS, calibration["coverage"], strict=True):
        inset.plot(level, share - level, color=COLOURS[parameter.name], ls=DASHES[parameter.name], lw=0.8)
    inset.axhline(0, color=TRUTH, lw=0.7, ls="--")
    inset.set(xlim=(0, 1), xticks=(0, 0.5, 1))
    inset.tick_params(labelsize=SMALL, pad=2)
    inset.set_title("share less level", fontsize=SMALL, pad=2)


def main() -> None:
    """Draw the rank distributions and the coverage of NPE over the test set."""
    source = paths.DATA / "calibration.h5"
    calibration = read_product(source, CALIBRATION)
    figure, (left, right) = plt.subplots(1, 2, figsize=(PAGE, 3.2))
    draw_ranks(left, calibration)
    draw_coverage(right, calibration)
    figure.legend(loc="outside upper center", ncols=6, handlelength=2.6, columnspacing=1.4)
    save(figure, "coverage", [source])


if __name__ == "__main__":
    draw(main)
