"""Figure `corner`: the galaxy of Fig. 3, its posterior and its spectrum, by MCMC and by networks."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import corner
import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from digs.base import paths
from digs.config.params import load_params
from digs.config.theta import MEANINGS, index
from digs.files.product import read_product
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.paper.galaxy_of_fig3 import SHOWN_NETWORKS, SOURCES, chains_of_galaxy, posterior_of_galaxy
from digs.paper.khullar2022 import HALF_WIDTHS
from digs.paper.plotting import (
    BAND,
    MCMC,
    NETWORK_STYLES,
    PAGE,
    TRUTH,
    WAVELENGTH_LABEL,
    draw,
    mark_features,
    note,
    save,
)
from digs.physics.simulator import Simulator
from digs.physics.stored_populations import POPULATIONS_FILE

LEVELS = (0.68, 0.95)
SHOWN = (0.002, 0.998)  # quantiles of the draws that the panels reach to
FILLS = ("white", "0.88", "0.72")  # outside, 95%, 68% of MCMC
LINES = {"mcmc": (MCMC, "-", 1.0)} | {
    name: (*NETWORK_STYLES[name][:2], width) for name, width in (("lookup", 1.1), ("exact", 0.9), ("fiducial", 1.5))
}
SPECTRA = 1000  # of draws by `fiducial`, in the band


def common_ranges(sets: list[np.ndarray], truth: np.ndarray) -> list[tuple[float, float]]:
    """Return a range for each parameter that shows all sets of draws and the truth."""
    ends = np.concatenate([np.quantile(draws, SHOWN, axis=0) for draws in sets] + [truth[None]])
    low, high = ends.min(0), ends.max(0)
    margin = 0.06 * (high - low)
    return list(zip(low - margin, high + margin, strict=True))


def draw_posterior(figure: Figure, name: str, draws: np.ndarray, ranges: list[tuple[float, float]]) -> None:
    """Draw one set of draws into the corner plot: MCMC's as areas, a network's as lines."""
    colour, dashes, width = LINES[name]
    filled = {"fill_contours": True, "contourf_kwargs": {"colors": FILLS}} if name == "mcmc" else {}
    corner.corner(
        draws,
        fig=figure,
        bins=32,
        range=ranges,
        color=colour,
        smooth=1.0,
        levels=LEVELS,
        plot_datapoints=False,
        plot_density=False,
        no_fill_contours=not filled,
        # corner draws the outermost contour first
        contour_kwargs={"linestyles": dashes, "linewidths": (0.6 * width, width) if name != "mcmc" else 0.4},
        hist_kwargs={"density": True, "linewidth": width, "linestyle": dashes, "fill": bool(filled), "alpha": 1.0}
        | ({"facecolor": FILLS[1]} if filled else {}),
        labels=[parameter.axis_label for parameter in MEANINGS],
        label_kwargs={"fontsize": 8.5},
        labelpad=-0.05,
        max_n_ticks=3,
        **filled,
    )


def mark(figure: Figure, truth: np.ndarray) -> None:
    """Draw dashed lines at the truth in every panel, and the published half-widths around it."""
    grid = np.array(figure.axes).reshape(len(truth), len(truth))
    for row in range(len(truth)):
        grid[row, row].autoscale(axis="y")  # corner knows only one of the histograms
        grid[row, row].set_ylim(0, 1.18 * grid[row, row].get_ylim()[1])
        for column in range(row + 1):
            grid[row, column].axvline(truth[column], color=TRUTH, ls="--", lw=0.6)
            if column < row:
                grid[row, column].axhline(truth[row], color=TRUTH, ls="--", lw=0.6)
    for name, width in HALF_WIDTHS.items():
        axes = grid[index(name), index(name)]
        height = 0.93 * axes.get_ylim()[1]
        axes.errorbar(truth[index(name)], height, xerr=width, color=TRUTH, lw=1.2, capsize=2.5, capthick=1.2)


def legend(figure: Figure) -> None:
    """Name lines, areas and bars, in the empty corner."""
    handles = [Patch(fc=FILLS[2], ec=MCMC, lw=0.4)]
    handles += [Line2D([], [], color=c, ls=d, lw=w) for name, (c, d, w) in LINES.items() if name != "mcmc"]
    handles += [Line2D([], [], color=TRUTH, ls="--", lw=0.6), Line2D([], [], color=TRUTH, lw=1.2, marker="|", ms=5)]
    labels = ["MCMC", *(name for name in LINES if name != "mcmc"), "truth", "half-width that K22 print"]
    figure.legend(
        handles, labels, loc="center", bbox_to_anchor=(0.84, 0.535), fontsize=8.5, handlelength=2.6,
        title="Contours hold 68% and 95%", title_fontsize=8,
    )  # fmt: skip


def draw_spectrum(figure: Figure, draws: np.ndarray, best: dict[str, np.ndarray]) -> None:
    """Draw the observed spectrum and the best fits, and how these differ from the true one."""
    galaxy = read_product(paths.DATA / "galaxy.h5", OBSERVATIONS)
    wavelength, truth, observed = (galaxy[name].astype(float) for name in ("wavelength", "flux", "noisy_flux"))
    truth, observed, fraction = truth[0], observed[0], load_params().noise.fraction
    simulator = Simulator(dtype=torch.float64)
    models = {name: simulator(torch.as_tensor(theta)[None]).numpy()[0] for name, theta in best.items()}
    band = np.percentile(simulator(torch.as_tensor(draws[:SPECTRA])).numpy(), (2.5, 97.5), axis=0)
    above = figure.add_axes((0.545, 0.825, 0.445, 0.15))
    below = figure.add_axes((0.545, 0.69, 0.445, 0.13), sharex=above)
    power = int(np.floor(np.log10(observed.max())))
    unit = 10.0**power
    above.errorbar(
        wavelength, observed / unit, fraction * observed / unit, fmt="o", ms=1.4, color=TRUTH, elinewidth=0.4
    )
    below.fill_between(wavelength, *(100 * (band / truth - 1)), color=BAND, lw=0)
    below.axhline(0, color=TRUTH, lw=0.5)
    for name, model in models.items():
        colour, dashes, width = LINES[name]
        above.plot(wavelength, model / unit, color=colour, ls=dashes, lw=0.7 * width, zorder=4)
        below.plot(wavelength, 100 * (model / truth - 1), color=colour, ls=dashes, lw=0.8 * width)
    reach = 1.35 * max(abs(100 * (band / truth - 1)).max(), np.abs(below.get_ylim()).max())
    below.set(ylim=(-reach, reach), xlim=wavelength[[0, -1]], xlabel=WAVELENGTH_LABEL)
    above.tick_params(labelbottom=False)
    above.set_ylabel(rf"$F_\lambda$ ($10^{{{power}}}$ cgs)")
    below.set_ylabel("Less truth (%)")
    note(below, "grey: 95% of draws by fiducial", 0.96, 0.04)
    mark_features(above)
    mark_features(below, names=False)
    figure.align_ylabels([above, below])


def main() -> None:
    """Draw posteriors and best fits of the galaxy of Fig. 3."""
    truth = read_product(paths.DATA / "galaxy.h5", OBSERVATIONS)["theta"][0]
    found = {"mcmc": chains_of_galaxy()}
    found |= {name: posterior_of_galaxy(name, load_params()) for name in SHOWN_NETWORKS}
    draws, best = ({name: pair[place] for name, pair in found.items()} for place in (0, 1))
    ranges = common_ranges(list(draws.values()), truth)
    figure = plt.figure(figsize=(PAGE, PAGE), layout="none")
    for name, theta in draws.items():
        draw_posterior(figure, name, theta, ranges)
    mark(figure, truth)
    figure.subplots_adjust(left=0.085, right=0.99, bottom=0.085, top=0.985, wspace=0.06, hspace=0.06)
    legend(figure)
    draw_spectrum(figure, draws["fiducial"], best)
    save(figure, "corner", [*SOURCES, POPULATIONS_FILE, paths.PARAMS])


if __name__ == "__main__":
    draw(main)
