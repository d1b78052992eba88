"""Figure `fidelity`: posteriors by NPE against reference chains, galaxy by galaxy."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import numpy as np

from digs.base import paths
from digs.files.product import read_product
from digs.files.schemas.comparison_schema import COMPARISON
from digs.paper.plotting import NETWORK_STYLES, TRUTH, draw, legend_above, parameter_panels, save

ROWS = {  # label, limits, ticks, what it would be
    "ratio": ("Half-width, NPE / MCMC", (0.6, 1.6), (0.75, 1, 1.25, 1.5), 1.0),
    "shift": (r"Median, (NPE $-$ MCMC) / half-width", (-0.9, 0.9), (-0.5, 0, 0.5), 0.0),
}


def main() -> None:
    """Draw the distributions of width ratios and shifts over the galaxies with reference chains."""
    source = paths.DATA / "comparison.h5"
    comparison = read_product(source, COMPARISON)
    figure, axes = parameter_panels(len(ROWS), 3.1, sharex="row", sharey="row")
    for row, (key, (label, limits, ticks, ideal)) in zip(axes, ROWS.items(), strict=True):
        for place, panel in enumerate(row):
            panel.axvline(ideal, color=TRUTH, lw=0.6, ls=":")
            for network, values in zip(comparison.attributes["networks"], comparison[key], strict=True):
                colour, dash, _ = NETWORK_STYLES[network]
                share = (np.arange(len(values)) + 0.5) / len(values)
                panel.plot(np.sort(values[:, place]), share, color=colour, ls=dash, label=network)
            panel.set(xlim=limits, xticks=ticks, ylim=(0, 1))
        row[0].set_ylabel("Share of galaxies below")
        row[2].set_xlabel(label)
    legend_above(figure, axes[0, 0])
    save(figure, "fidelity", [source])


if __name__ == "__main__":
    draw(main)
