"""Figure `efficiency`: how much of a flow's draws is left when they are weighted to the exact posterior."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import matplotlib.pyplot as plt
import numpy as np

from digs.base import paths
from digs.files.product import read_product
from digs.files.schemas.comparison_schema import COMPARISON
from digs.paper.plotting import COLUMN, NETWORK_STYLES, draw, save


def main() -> None:
    """Draw the share of test galaxies with less than each importance-sampling efficiency."""
    source = paths.DATA / "comparison.h5"
    comparison = read_product(source, COMPARISON)
    figure, axes = plt.subplots(figsize=(COLUMN, 2.3))
    for network, values in zip(comparison.attributes["networks"], comparison["efficiency"], strict=True):
        colour, dash, _ = NETWORK_STYLES[network]
        axes.plot(np.sort(values), (np.arange(len(values)) + 0.5) / len(values), color=colour, ls=dash, label=network)
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.set(xlabel="Importance-sampling efficiency", ylabel="Share of test galaxies below")
    axes.legend(loc="center", bbox_to_anchor=(0.67, 0.5))
    save(figure, "efficiency", [source])


if __name__ == "__main__":
    draw(main)
