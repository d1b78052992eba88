"""Figure `timing`: how costs grow with the number of galaxies, of draws and of pixels."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter, NullLocator

from digs.base import paths
from digs.files.atomic import read_json
from digs.paper.amortisation import HOUR
from digs.paper.plotting import FAINT, MCMC, NETWORK_STYLES, PAGE, draw, legend_above, save

GALAXIES = np.geomspace(1, 1e6, 200)
SPANS = {"minute": 60.0, "day": 24 * HOUR, "century": 100 * 365.25 * 24 * HOUR}
FITS = {
    "prospector": ("MCMC, Prospector (extrapolated)", MCMC, "--"),
    "exact": ("MCMC, exact simulator", MCMC, "-"),
    "exact_together": ("the same, many at once", MCMC, (0, (1, 1))),
}


def draw_totals(axes: Axes, timing: dict) -> None:
    """Draw seconds for so many galaxies: MCMC fits, and NPE with its training, with marks where it was measured so."""
    for fit, (label, colour, dash) in FITS.items():
        axes.plot(GALAXIES, GALAXIES * timing["fit_seconds"][fit]["median"], color=colour, ls=dash, label=label)
    for network, measured in timing["networks"].items():
        colour, dash, marker = NETWORK_STYLES[network]
        training = measured["training_seconds"]["median"]
        total = training + GALAXIES * measured["posterior_seconds"]["median"]
        axes.plot(GALAXIES, total, color=colour, ls=dash, label=network)
        axes.plot(
            timing["galaxies"],
            [training + each["median"] for each in measured["galaxies"]],
            color=colour, marker=marker, ms=3.5, ls="",
        )  # fmt: skip
    for name, length in SPANS.items():
        axes.axhline(length, color=FAINT, lw=0.5, ls=(0, (1, 2)), zorder=0)
        axes.annotate(name, (GALAXIES[-1], length), (-2, 1), textcoords="offset points", ha="right", fontsize=7)
    axes.set(xscale="log", yscale="log", xlim=(GALAXIES[0], GALAXIES[-1]))
    axes.set(xlabel="Galaxies", ylabel="Time, with training (s)")


def draw_growth(axes: Axes, timing: dict, numbers: Sequence[int], key: str) -> None:
    """Draw milliseconds of a posterior against the number of draws or pixels."""
    for network, measured in timing["networks"].items():
        colour, dash, marker = NETWORK_STYLES[network]
        low, median, high = (1e3 * np.array([each[end] for each in measured[key]]) for end in ("low", "median", "high"))
        axes.errorbar(
            numbers, median, (median - low, high - median),
            color=colour, ls=dash, marker=marker, ms=3.5, lw=0.8, capsize=2,
        )  # fmt: skip
    axes.set(xscale="log", yscale="log", ylabel="One posterior (ms)")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 3)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())


def main() -> None:
    """Draw what so many galaxies take, and how one posterior's cost grows with draws and pixels."""
    source = paths.DATA / "timing.json"
    timing = read_json(source)
    figure, (totals, draws, pixels) = plt.subplots(1, 3, figsize=(PAGE, 2.6), width_ratios=(1.4, 1, 1))
    draw_totals(totals, timing)
    draw_growth(draws, timing, timing["draws_each"], "draws")
    draws.set(xlabel="Draws")
    draw_growth(pixels, timing, timing["pixels"], "pixels")
    pixels.set_xticks(timing["pixels"], [str(number) for number in timing["pixels"]], minor=False)
    pixels.xaxis.set_minor_locator(NullLocator())
    pixels.set(xlabel="Pixels")
    legend_above(figure, totals)
    save(figure, "timing", [source])


if __name__ == "__main__":
    draw(main)
