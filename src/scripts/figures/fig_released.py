"""Figure `released`: the coverage of the released network beside that of one trained by its recipe."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from digs.base import paths
from digs.files.product import read_product
from digs.files.schemas.released_network_schema import RELEASED_NETWORK
from digs.paper.plotting import FAINT, GREEN, NPE, TRUTH, draw, legend_above, note, parameter_panels, save

NETWORKS = {"released": ("their released network", GREEN, "--"), "recipe": ("the same recipe here", NPE, "-")}
SAMPLES = {"lookup": ("looked-up spectra", 0.96), "exact": ("exact spectra", 0.04)}  # name, and height of its note


def main() -> None:
    """Draw how often intervals hold the truth, less their level."""
    source = paths.DATA / "released_network.h5"
    audit = read_product(source, RELEASED_NETWORK)
    networks, samples, level = audit.attributes["networks"], audit.attributes["samples"], audit["level"]
    figure, axes = parameter_panels(len(SAMPLES), 3.1, sharex=True, sharey=True)
    for row, (sample, (text, height)) in zip(axes, SAMPLES.items(), strict=True):
        for place, panel in enumerate(row):
            panel.axhline(0, color=TRUTH, lw=0.6, ls=":")
            panel.axvline(0.68, color=FAINT, lw=0.5, ls=(0, (1, 2)), zorder=0)
            for network, (label, colour, dash) in NETWORKS.items():
                share = audit["coverage"][networks.index(network), samples.index(sample), place]
                panel.plot(level, share - level, color=colour, ls=dash, label=label)
            panel.set(xlim=(0, 1), xticks=(0, 0.5), ylim=(-0.55, 0.55))
        row[0].set_ylabel("Share inside less level")
        note(row[0], text, 0.96, height)
    axes[-1, -1].set_xticks((0, 0.5, 1))
    figure.supxlabel("Credible level", fontsize=8.5)
    legend_above(figure, axes[0, 0])
    save(figure, "released", [source])


if __name__ == "__main__":
    draw(main)
