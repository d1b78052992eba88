"""Figure `edges`: bias and coverage close to the ends of the prior."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import numpy as np

from digs.base import paths
from digs.config.theta import NAMES
from digs.files.atomic import read_json
from digs.paper.plotting import FAINT, NETWORK_STYLES, TRUTH, draw, legend_above, parameter_panels, save

ROWS = {  # of the figure: what is drawn, for which selection, its axis label, what it would be
    "bias_in_widths": ("by_truth", "Bias / half-width", 0.0),
    "coverage_68": ("by_estimate", "Share in 68%", 0.68),
}


def main() -> None:
    """Draw the bias of truths, and the coverage of estimates, close to each end of the prior."""
    source = paths.DATA / "edges.json"
    measured = read_json(source)["measured"]
    figure, axes = parameter_panels(len(ROWS), 3.0, sharex=True, sharey="row")
    offsets = np.linspace(-0.24, 0.24, len(measured))
    for row, (key, (selection, label, ideal)) in zip(axes, ROWS.items(), strict=True):
        for panel, parameter in zip(row, NAMES, strict=True):
            panel.axhline(ideal, color=TRUTH, lw=0.6, ls=":")
            panel.axvline(0.5, color=FAINT, lw=0.5)
            for offset, (network, numbers) in zip(offsets, measured.items(), strict=True):
                colour, _, marker = NETWORK_STYLES[network]
                ends = [numbers[parameter][end][selection] for end in ("low", "high")]
                points = [(place + offset, end[key]) for place, end in enumerate(ends) if end]
                panel.errorbar(
                    [x for x, _ in points],
                    [number["value"] for _, number in points],
                    [number["error"] for _, number in points],
                    color=colour, marker=marker, ms=3.5, ls="none", elinewidth=0.8, label=network,
                )  # fmt: skip
            panel.set(xlim=(-0.5, 1.5), xticks=(0, 1))
            panel.set_xticklabels(("low end", "high end"))
            panel.tick_params(axis="x", length=0)
        row[0].set_ylabel(label)
    legend_above(figure, axes[0, 0])
    save(figure, "edges", [source])


if __name__ == "__main__":
    draw(main)
