"""Figure `sbc`: histograms of the ranks of the truths, as Fig. 5 of Khullar et al. (2022)."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from digs.base import paths
from digs.config.theta import NAMES
from digs.files.atomic import read_json
from digs.files.product import read_product
from digs.files.schemas.calibration_schema import CALIBRATION
from digs.paper.plotting import BAND, FAINT, NETWORK_STYLES, draw, note, parameter_panels, save


def main() -> None:
    """Draw the ranks of the test galaxies' truths among NPE's draws."""
    sources = [paths.DATA / "calibration.h5", paths.DATA / "calibration.json"]
    calibration, metrics = read_product(sources[0], CALIBRATION), read_json(sources[1])
    counts, band = calibration["rank_counts"], calibration["count_band"]
    bins = counts.shape[1]

    colour = NETWORK_STYLES[calibration.attributes["network"]][0]
    figure, grid = parameter_panels(1, 1.65, sharey=True)
    for axes, parameter, count in zip(grid[0], NAMES, counts, strict=True):
        axes.axhspan(*band, color=BAND, lw=0)
        axes.axhline(metrics["galaxies"] / bins, color=FAINT, lw=0.7)
        axes.stairs(count, [place / bins for place in range(bins + 1)], color=colour, lw=1.1, baseline=None)
        p_value = metrics["parameters"][parameter]["uniform_ranks_p_value"]
        note(axes, f"$p = {p_value:.2g}$" if p_value >= 1e-3 else "$p < 0.001$", fontsize=7.5)
        axes.set(xlim=(0, 1), ylim=(0, 1.3 * max(counts.max(), band[1])))
        axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    grid[0, 0].set_ylabel("Galaxies")
    grid[0, 2].set_xlabel("Rank of the truth among the draws")
    save(figure, "sbc", sources)


if __name__ == "__main__":
    draw(main)
