"""Figure `corner`: the posterior of the galaxy of Fig. 3 by NPE and by MCMC."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import corner
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from digs.base import paths
from digs.config.theta import MEANINGS, NAMES
from digs.files.product import read_product
from digs.files.schemas.chains_schema import CHAINS
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.files.schemas.posteriors_schema import GALAXY_POSTERIOR
from digs.paper.plotting import MCMC, NPE, PAGE, TRUTH, draw, plus_minus, save

LEVELS = {0.68: "-", 0.95: (0, (3, 1.5))}
SHOWN = (0.002, 0.998)  # quantiles of the draws that the panels reach to


def common_ranges(sets: list[np.ndarray], truth: np.ndarray) -> list[tuple[float, float]]:
    """Return a range for each parameter that shows all sets of draws and the truth."""
    ends = np.concatenate([np.quantile(draws, SHOWN, axis=0) for draws in sets] + [truth[None]])
    low, high = ends.min(0), ends.max(0)
    margin = 0.06 * (high - low)
    return list(zip(low - margin, high + margin, strict=True))


def draw_posterior(figure: Figure, draws: np.ndarray, colour: str, ranges: list[tuple[float, float]]) -> None:
    """Draw one set of draws into the corner plot."""
    corner.corner(
        draws,
        fig=figure,
        bins=32,
        range=ranges,
        color=colour,
        smooth=1.0,
        levels=tuple(LEVELS),
        plot_datapoints=False,
        plot_density=False,
        no_fill_contours=True,
        # corner draws the outermost contour first
        contour_kwargs={"linestyles": list(LEVELS.values())[::-1], "linewidths": 1.0},
        hist_kwargs={"density": True, "linewidth": 1.0},
        labels=[parameter.axis_label for parameter in MEANINGS],
        label_kwargs={"fontsize": 8.5},
        labelpad=-0.05,
        max_n_ticks=3,
    )


def mark_truth(figure: Figure, truth: np.ndarray) -> None:
    """Draw dashed lines at the truth in every panel, all of which show both histograms whole."""
    grid = np.array(figure.axes).reshape(len(truth), len(truth))
    for row in range(len(truth)):
        grid[row, row].autoscale(axis="y")  # corner knows only one of the histograms
        grid[row, row].set_ylim(bottom=0)
        for column in range(row + 1):
            grid[row, column].axvline(truth[column], color=TRUTH, ls="--", lw=0.7)
            if column < row:
                grid[row, column].axhline(truth[row], color=TRUTH, ls="--", lw=0.7)


def tabulate(figure: Figure, truth: np.ndarray, npe: np.ndarray, mcmc: np.ndarray) -> None:
    """Write a legend and a small table of medians into the empty corner."""
    handles = [Line2D([], [], color=colour) for colour in (NPE, MCMC)]
    handles += [Line2D([], [], color=TRUTH, ls="--", lw=0.7)]
    handles += [Line2D([], [], color="0.4", ls=dashes) for dashes in LEVELS.values()]
    labels = ["NPE", "MCMC", "truth", *(f"{level:.0%} of the draws" for level in LEVELS)]
    figure.legend(handles, labels, loc="upper right", bbox_to_anchor=(0.985, 0.985), ncols=2, fontsize=8.5)

    columns = (0.53, 0.695, 0.80, 0.915)
    rows = [("", "Truth", "NPE", "MCMC")]
    for place, parameter in enumerate(MEANINGS):
        medians = (plus_minus(draws[:, place]) for draws in (npe, mcmc))
        rows.append((parameter.axis_label, f"${truth[place]:.2f}$", *medians))
    for number, row in enumerate(rows):
        for column, text, colour in zip(columns, row, (TRUTH, TRUTH, NPE, MCMC), strict=True):
            align = "left" if column == columns[0] else "center"
            figure.text(column, 0.855 - 0.034 * number, text, color=colour, ha=align, va="center", fontsize=9)


def main() -> None:
    """Draw NPE's and MCMC's posteriors of the galaxy of Fig. 3."""
    sources = [paths.DATA / f"{name}.h5" for name in ("galaxy", "galaxy_posterior", "chains")]
    galaxy, posterior, chains = map(read_product, sources, (OBSERVATIONS, GALAXY_POSTERIOR, CHAINS))
    truth, npe = galaxy["theta"][0], posterior["theta"]
    mcmc = chains["reference_theta"].reshape(-1, len(NAMES))
    ranges = common_ranges([npe, mcmc], truth)

    figure = plt.figure(figsize=(PAGE, PAGE), layout="none")
    for draws, colour in ((mcmc, MCMC), (npe, NPE)):
        draw_posterior(figure, draws, colour, ranges)
    mark_truth(figure, truth)
    figure.subplots_adjust(left=0.085, right=0.99, bottom=0.085, top=0.99, wspace=0.06, hspace=0.06)
    tabulate(figure, truth, npe, mcmc)
    save(figure, "corner", sources)


if __name__ == "__main__":
    draw(main)
