"""Figure `warning_lights`: how often spectra that are wrong are detected, against how wrong they are."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import matplotlib.pyplot as plt

from digs.base import paths
from digs.files.atomic import read_json
from digs.paper.plotting import LIMIT, MCMC, NPE, PAGE, SMALL, draw, save

COLUMNS = 5
DRAWN = {  # the share of what: its name, colour, dashes, marker
    "detected": ("detected by the lights", NPE, "-", "o"),
    "rejected": ("rejected by the best fit", MCMC, "--", "s"),
}


def main() -> None:
    """Draw the shares of corrupted spectra that the lights detect and that the best fit rejects."""
    source = paths.DATA / "warning_lights.json"
    content = read_json(source)
    measured = content["measured"]
    rows = -(-(len(measured) + 1) // COLUMNS)  # the legend has the last panel
    figure, axes = plt.subplots(rows, COLUMNS, figsize=(PAGE, 1.45 * rows), sharey=True)
    panels = axes.ravel()
    for panel, found in zip(panels, measured.values(), strict=False):
        strengths = [float(strength) for strength in found["strengths"]]
        for key, (name, colour, dash, marker) in DRAWN.items():
            shares = [each[key] for each in found["strengths"].values()]
            panel.errorbar(
                strengths, [100 * each["value"] for each in shares], [100 * each["error"] for each in shares],
                color=colour, ls=dash, marker=marker, ms=3, lw=0.9, elinewidth=0.8, label=name,
            )  # fmt: skip
        panel.axhline(100 * content["false_alarms"], color=LIMIT, lw=0.8, ls=":", label="false alarms")
        panel.set_xscale("log")
        panel.set_xticks(strengths, [f"{strength:g}" for strength in strengths])
        panel.minorticks_off()
        panel.set_xlim(strengths[0] / 1.25, strengths[-1] * 1.25)
        panel.set(ylim=(-4, 106), yticks=(0, 50, 100))
        panel.set_title(found["label"], fontsize=8, pad=3)
        panel.set_xlabel(f"({found['unit']})" if found["unit"] else "$z$", fontsize=SMALL, labelpad=1)
    for row in axes:
        row[0].set_ylabel("Spectra (%)")
    handles, labels = panels[0].get_legend_handles_labels()
    for panel in panels[len(measured) :]:
        panel.axis("off")
    panels[len(measured)].legend(handles, labels, loc="center", fontsize=SMALL + 0.5, handlelength=2.2)
    save(figure, "warning_lights", [source])


if __name__ == "__main__":
    draw(main)
