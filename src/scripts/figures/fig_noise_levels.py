"""Figure `noise_levels`: coverage, bias and widths where the noise is not what the network was trained for."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import matplotlib.pyplot as plt

from digs.base import paths
from digs.config.params import load_params
from digs.config.theta import MEANINGS
from digs.files.atomic import read_json
from digs.paper.plotting import COLOURS, DASHES, FAINT, PAGE, TRUTH, draw, legend_above, save

PANELS = {  # what is drawn: axis label, what it would be
    "coverage_68": ("Share in 68%", 0.68),
    "bias_ratio": ("Mean bias / exact half-width", 0.0),
    "ratio": ("Half-width / exact half-width", 1.0),
}


def main() -> None:
    """Draw what the network makes of spectra with other noise."""
    source = paths.DATA / "validation.json"
    levels = read_json(source)["noise_levels"]
    figure, axes = plt.subplots(1, len(PANELS), figsize=(PAGE, 2.5))
    for panel, (key, (label, ideal)) in zip(axes, PANELS.items(), strict=True):
        panel.axhline(ideal, color=TRUTH, lw=0.6, ls=":")
        panel.axvline(1 / load_params().noise.fraction, color=FAINT, lw=0.5)
        drawn = [
            (meaning.label, meaning.name, COLOURS[meaning.name], DASHES[meaning.name], "o") for meaning in MEANINGS
        ]
        if key == "coverage_68":
            drawn.append(("all together", "joint", TRUTH, "-", "s"))
        for name, group, colour, dash, marker in drawn:
            known = [each for each in levels if each[group].get(key)]
            panel.errorbar(
                [each["signal_to_noise"] for each in known],
                [each[group][key]["value"] for each in known],
                [each[group][key]["error"] for each in known],
                color=colour, ls=dash, marker=marker, ms=2.8, elinewidth=0.8, label=name,
            )  # fmt: skip
        panel.set(xlabel="Signal-to-noise ratio", ylabel=label, xscale="log")
        ticks = [each["signal_to_noise"] for each in levels]
        panel.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        panel.minorticks_off()
    legend_above(figure, axes[0])
    save(figure, "noise_levels", [source])


if __name__ == "__main__":
    draw(main)
