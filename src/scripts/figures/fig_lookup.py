"""Figure `lookup`: coverage by networks that were shown looked-up, library and exact pairs."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import numpy as np

from digs.base import paths
from digs.files.product import read_product
from digs.files.schemas.lookup_experiment_schema import LOOKUP_EXPERIMENT
from digs.paper.plotting import BAND, FAINT, NETWORK_STYLES, TRUTH, draw, note, parameter_panels, save

SAMPLES = {"lookup": ("looked-up spectra", 0.96), "exact": ("exact spectra", 0.04)}  # name, and height of its note


def main() -> None:
    """Draw how often intervals hold the truth, less their level, on looked-up and on exact spectra."""
    source = paths.DATA / "lookup_experiment.h5"
    experiment = read_product(source, LOOKUP_EXPERIMENT)
    networks, samples = experiment.attributes["networks"], experiment.attributes["samples"]
    level = experiment["level"]
    low, high = experiment["cdf_band"] - level
    figure, axes = parameter_panels(len(samples), 3.1, sharex=True, sharey=True)
    for row, sample in zip(axes, samples, strict=True):
        for place, panel in enumerate(row):
            panel.fill_between(level, low, high, color=BAND, lw=0, label="95% if exact")
            panel.axhline(0, color=TRUTH, lw=0.6, ls=":")
            for number, network in enumerate(networks):
                colour, dash, _ = NETWORK_STYLES[network]
                shares = experiment["coverage"][number, samples.index(sample), place]
                panel.plot(level, shares - level, color=colour, ls=dash, label=network)
            panel.axvline(0.68, color=FAINT, lw=0.5, ls=(0, (1, 2)), zorder=0)
            panel.set(xlim=(0, 1), xticks=(0, 0.5), ylim=(-0.55, 0.55))
        row[0].set_ylabel("Share inside less level")
        text, height = SAMPLES[sample]
        note(row[0], text, 0.96, height)
    axes[-1, -1].set_xticks((0, 0.5, 1))
    figure.supxlabel("Credible level", fontsize=8.5)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    order = np.roll(range(len(handles)), -1)
    handles, labels = [handles[k] for k in order], [labels[k] for k in order]
    figure.legend(handles, labels, loc="outside upper center", ncols=len(handles))
    save(figure, "lookup", [source])


if __name__ == "__main__":
    draw(main)
