"""Figure `joint_coverage`: how often regions in all five parameters hold the truth."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import matplotlib.pyplot as plt

from digs.base import paths
from digs.config.theta import NAMES
from digs.files.product import read_product
from digs.files.schemas.validation_schema import VALIDATION
from digs.paper.plotting import BAND, NETWORK_STYLES, PAGE, TRUTH, draw, legend_above, save

TITLES = ("Highest-density regions", "Regions around points near the data (TARP)")


def main() -> None:
    """Draw the coverage of highest-density and of TARP's regions, less their level."""
    source = paths.DATA / "validation.h5"
    validation = read_product(source, VALIDATION)
    level, percent = validation["level"], 100 * validation.attributes["probability"]
    figure, axes = plt.subplots(1, 2, figsize=(PAGE, 2.5), sharey=True)
    for place, (panel, title) in enumerate(zip(axes, TITLES, strict=True)):
        panel.fill_between(
            level, *(validation["band"] - level), color=BAND, lw=0, label=f"{percent:g}% of whole curves, if exact"
        )
        panel.axhline(0, color=TRUTH, lw=0.6, ls=":")
        for case, name in enumerate(validation.attributes["cases"]):
            network, kind = name.split(", ")
            if kind == "exact":
                colour, dash, _ = NETWORK_STYLES[network]
                low, high = validation["joint_band"][case, :, place] - level
                panel.fill_between(level, low, high, color=colour, alpha=0.25, lw=0)
                panel.plot(level, validation["joint_cdf"][case, place] - level, color=colour, ls=dash, label=network)
        panel.set(title=title, xlabel="Level", xlim=(0, 1))
    axes[0].set_ylabel(f"Share inside less level, {len(NAMES)} parameters")
    legend_above(figure, axes[0])
    save(figure, "joint_coverage", [source])


if __name__ == "__main__":
    draw(main)
