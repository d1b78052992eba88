"""Figure `spectrographs`: what the compression of the populations costs, and galaxies of them against Prospector."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from digs.base import paths
from digs.files.atomic import read_json
from digs.files.product import Product, read_product
from digs.files.schemas.populations_schema import POPULATIONS
from digs.paper.plotting import FAINT, LIMIT, PAGE, TRUTH, WAVELENGTH_LABEL, draw, save

LOOKS = {50.0: ("median", TRUTH), 99.9: ("99.9%", FAINT)}
INSTRUMENTS = {"fiducial": "K22", "sdss": "like SDSS", "nirspec": "like NIRSpec"}
MARKERS = {"solar": "o", "stars": "^", "free": "s"}


def draw_compression(axes: Axes, populations: Product) -> None:
    """Draw the relative error of the stars' light, wavelength by wavelength."""
    error = dict(zip(populations["percentile"].tolist(), populations["compression_error"], strict=True))
    for percentile, (label, colour) in reversed(LOOKS.items()):
        axes.semilogy(populations["wavelength"], error[percentile], color=colour, lw=0.7, label=label)
    axes.set(xlabel=WAVELENGTH_LABEL, ylabel="Compression error", xlim=populations["wavelength"][[0, -1]])
    axes.legend(loc="upper right", ncols=2)


def draw_agreement(axes: Axes, measured: dict) -> None:
    """Draw the differences from Prospector on each instrument, for each kind of gas."""
    for row, instrument in enumerate(INSTRUMENTS):
        for place, (gas, marker) in enumerate(MARKERS.items()):
            at = row + 0.22 * (place - 1)
            finer, runs = measured["agreement"][instrument][gas], measured["prospector_as_it_runs"][instrument][gas]
            axes.plot(finer["median"], at, marker, color=TRUTH, ms=3.5)
            axes.plot(finer["tail"], at, marker, color=FAINT, ms=3.5)
            axes.plot(runs["tail"], at, marker, color=LIMIT, mfc="none", ms=3.5)
    for bar, dashes in ((measured["median_bar"], ":"), (measured["tail_bar"], "-.")):
        axes.axvline(bar, color=LIMIT, ls=dashes, lw=1.3)
    for gas, marker in MARKERS.items():
        axes.plot([], [], marker, color="0.4", ms=3.5, label=f"gas {gas}")
    axes.plot([], [], "o", color=LIMIT, mfc="none", ms=3.5, label="99.9%, Prospector as it runs")
    axes.set(xscale="log", xlabel="Relative difference from Prospector", ylim=(2.6, -0.6))
    axes.set_yticks(range(len(INSTRUMENTS)), INSTRUMENTS.values())
    axes.tick_params(axis="y", length=0)
    axes.minorticks_off()


def main() -> None:
    """Draw what compression costs at each wavelength, and the differences from Prospector on each instrument."""
    sources = [paths.DATA / "populations.h5", paths.DATA / "instruments.json"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(PAGE, 2.5))
    draw_compression(left, read_product(sources[0], POPULATIONS))
    draw_agreement(right, read_json(sources[1]))
    figure.legend(*right.get_legend_handles_labels(), loc="outside lower right", ncols=4, columnspacing=1.2)
    save(figure, "spectrographs", sources)


if __name__ == "__main__":
    draw(main)
