"""Figure `frontier`: ways to exact posteriors by the number of parameters that are not in closed form."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, PercentFormatter

from digs.base import paths
from digs.files.atomic import read_json
from digs.paper.plotting import FAINT, GRID, MCMC, MIXTURES, NESTED, NETWORK_STYLES, PAGE, draw, note, save

STYLES = {
    "grid": ("brute force", GRID, "-", "o"),
    "mixtures": ("mixtures", MIXTURES, "--", "s"),
    **{name: (name, *NETWORK_STYLES[name]) for name in ("short", "fiducial")},
    "emcee": ("emcee", MCMC, "-.", "^"),
    "nautilus": ("nautilus", NESTED, ":", "x"),
}
OF_SHARES = ("grid", "mixtures", "short", "fiducial")  # methods that weigh draws
SHARED = 1000  # galaxies that set-up is shared by, in the faint lines
STEP = 0.05  # between methods with the same number of parameters, so that their bars do not hide one another


def column(measured: Mapping[str, Any], method: str) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """Return the numbers of parameters that a method was measured with, and what was measured."""
    there = [free for free, each in measured.items() if method in each["methods"]]
    return np.array(there, dtype=float), [measured[free]["methods"][method] for free in there]


def draw_shares(axes: Axes, measured: Mapping[str, Any]) -> None:
    """Draw median shares of draws that are effective, with bars down to the 5th percentile."""
    for place, method in enumerate(OF_SHARES):
        label, colour, dash, marker = STYLES[method]
        free, found = column(measured, method)
        median, tail = (np.array([each["share"][name]["value"] for each in found]) for name in ("median", "tail"))
        at = free + STEP * (place - (len(OF_SHARES) - 1) / 2)
        axes.errorbar(
            at, median, (median - tail, 0 * tail), color=colour, ls=dash, marker=marker, ms=4, capsize=2, label=label,
            elinewidth=0.8,
        )  # fmt: skip
    axes.set(xlabel="Parameters not in closed form", ylabel="Effective share of the draws", ylim=(0, 1.02))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=r"$\,\%$"))
    note(axes, "bars: to the 5th percentile", x=0.04, y=0.04)


def draw_seconds(axes: Axes, measured: Mapping[str, Any], effective: float) -> None:
    """Draw seconds of a galaxy, faintly with a thousandth of set-up and training; and where a grid is not dense."""
    for method, (label, colour, dash, marker) in STYLES.items():
        free, found = column(measured, method)
        seconds, once = (
            np.array(values) for values in zip(*((m["seconds"]["value"], m["set_up"]) for m in found), strict=True)
        )
        errors = [each["seconds"]["error"] for each in found]
        own = {} if method in OF_SHARES else {"label": label}
        axes.errorbar(free, seconds, errors, color=colour, ls=dash, marker=marker, ms=4, capsize=2, **own)
        if once.any():
            axes.plot(free, seconds + once / SHARED, color=colour, ls=dash, lw=0.6, alpha=0.6)
    free, found = column(measured, "grid")
    coarse = [each["nodes"] < each["dense_nodes"] for each in measured.values()]
    seconds = np.array([each["seconds"]["value"] for each in found])
    axes.plot(free[coarse], seconds[coarse], marker="o", ms=4, ls="", mfc="white", mec=STYLES["grid"][1], zorder=3)
    axes.set(yscale="log", xlabel="Parameters not in closed form", ylabel=f"{effective:g} effective draws (s)")
    axes.set_ylim(bottom=4e-4)  # room for the note below all lines
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.axhline(1, color=FAINT, lw=0.5, ls=(0, (1, 2)), zorder=0)
    note(axes, f"thin: set-up shared by {SHARED} galaxies\nopen: fewer nodes than a dense grid has", x=0.96, y=0.04)


def main() -> None:
    """Draw how many draws are effective, and what a galaxy takes."""
    source = paths.DATA / "frontier.json"
    product = read_json(source)
    figure, (shares, seconds) = plt.subplots(1, 2, figsize=(PAGE, 2.8))
    draw_shares(shares, product["measured"])
    draw_seconds(seconds, product["measured"], product["effective"])
    for axes in (shares, seconds):
        axes.set_xticks([int(free) for free in product["measured"]])
        axes.tick_params(axis="x", which="minor", bottom=False, top=False)
    handles = [pair for axes in (shares, seconds) for pair in zip(*axes.get_legend_handles_labels(), strict=True)]
    figure.legend(*zip(*handles, strict=True), loc="outside upper center", ncols=len(handles))
    save(figure, "frontier", [source])


if __name__ == "__main__":
    draw(main)
