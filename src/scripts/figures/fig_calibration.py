"""Figure `calibration`: ranks and coverage of the lookup's network and of the fiducial one, on fresh spectra."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import numpy as np

from digs.base import paths
from digs.files.product import read_product
from digs.files.schemas.validation_schema import VALIDATION
from digs.paper.plotting import BAND, FAINT, NETWORK_STYLES, TRUTH, draw, parameter_panels, save

BINS = 20
CASES = {  # what is drawn: its name and look
    "lookup, looked_up": ("lookup, on looked-up spectra", FAINT, (0, (1, 1)), 0.9),
    "lookup, exact": ("lookup", *NETWORK_STYLES["lookup"][:2], 1.1),
    "fiducial, exact": ("fiducial", *NETWORK_STYLES["fiducial"][:2], 1.5),
}
# of each row: axis label, cases and what its axis reaches
ROWS = (
    ("Share of ranks\n/ uniform", tuple(CASES), (0.0, 2.4)),
    ("Ranks below\nless uniform", ("lookup, looked_up", "fiducial, exact"), (-0.045, 0.045)),
    ("Share inside\nless level", tuple(CASES), (-0.08, 0.5)),
)


def main() -> None:
    """Draw histograms of ranks, their distribution functions less the uniform one, and coverage less its level."""
    source = paths.DATA / "validation.h5"
    validation = read_product(source, VALIDATION)
    level, cases = validation["level"], list(validation.attributes["cases"])
    steps = (len(level) - 1) // BINS
    middle, spread = np.arange(0, len(level), 2), (len(level) - 1) // 2
    percent = 100 * validation.attributes["probability"]
    figure, axes = parameter_panels(len(ROWS), 4.1, sharey="row")
    for place in range(axes.shape[1]):
        for row, (_, shown, limits) in enumerate(ROWS):
            panel = axes[row, place]
            if row == 1:
                panel.fill_between(
                    level,
                    *(validation["band"] - level),
                    color=BAND,
                    lw=0,
                    label=f"{percent:g}% of whole uniform curves",
                )
            panel.axhline(1 if row == 0 else 0, color=TRUTH, lw=0.6, ls=":")
            for case in shown:
                label, colour, dash, width = CASES[case]
                below = validation["rank_cdf"][cases.index(case), place]
                look = {"color": colour, "ls": dash, "lw": width, "label": label}
                if row == 0:
                    panel.stairs(BINS * np.diff(below[::steps]), level[::steps], baseline=None, **look)
                elif row == 1:
                    panel.plot(level, below - level, **look)
                else:
                    # central intervals: of level L from rank (1 - L) / 2 to (1 + L) / 2
                    inside = below[spread + middle // 2] - below[spread - middle // 2]
                    panel.plot(level[middle], inside - level[middle], **look)
            panel.set(xlim=(0, 1), ylim=limits)
            panel.set_xticks((0, 0.5, 1), ("0", "0.5", "1"))
    for row, (label, _, _) in zip(axes, ROWS, strict=True):
        row[0].set_ylabel(label)
    axes[1, 2].set_xlabel("Normalised rank of the truth")
    axes[2, 2].set_xlabel("Credible level")
    named = {label: handle for row in axes for handle, label in zip(*row[0].get_legend_handles_labels(), strict=True)}
    figure.legend(named.values(), named.keys(), loc="outside upper center", ncols=len(named))
    figure.align_ylabels()
    save(figure, "calibration", [source])


if __name__ == "__main__":
    draw(main)
