"""Figure `released`: the released network beside one that is trained by its recipe, and that one's training."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import matplotlib.pyplot as plt
import numpy as np

from digs.base import paths
from digs.config.theta import MEANINGS, NAMES
from digs.files.atomic import read_json
from digs.files.product import read_product
from digs.files.schemas.released_recipe_schema import RELEASED_RECIPE
from digs.paper.plotting import COLOURS, COLUMN, DASHES, FAINT, NETWORK_STYLES, TRUTH, draw, save

SAMPLES = {"lookup": "looked-up spectra", "exact": "exact spectra"}
LOOKS = {  # of networks: what they are called, colour, marker, whether it is filled, and its shift
    "released": ("released by K22", TRUTH, "s", "none", -0.17),
    "recipe": ("their recipe, here", NETWORK_STYLES["lookup"][0], NETWORK_STYLES["lookup"][2], "full", 0.17),
}
NOMINAL = 0.68


def draw_shares(figure, panels, measured: dict) -> None:
    """Draw how many truths nominal intervals hold, of each parameter, network and sample."""
    rows = np.arange(len(NAMES))
    for panel, (sample, title) in zip(panels, SAMPLES.items(), strict=True):
        panel.axvline(NOMINAL, color=FAINT, lw=0.6, ls=":")
        for network, (label, colour, marker, fill, shift) in LOOKS.items():
            shares = [measured[network][sample]["parameters"][name]["coverage_68"] for name in NAMES]
            values, errors = ([each[key] for each in shares] for key in ("value", "error"))
            look = {"color": colour, "marker": marker, "fillstyle": fill, "ms": 4, "ls": "none", "capsize": 1.5}
            panel.errorbar(values, rows + shift, xerr=errors, label=label, **look)
        panel.set(title=title, xlim=(0.38, 1.0), xticks=(0.4, 0.6, 0.8), xlabel="Share inside 68%")
    panels[0].set(yticks=rows, ylim=(len(NAMES) - 0.5, -0.5))
    panels[0].set_yticklabels([meaning.label for meaning in MEANINGS])
    for panel in panels:
        panel.tick_params(axis="y", length=0)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)


def draw_training(panel, training: np.ndarray, held_out: np.ndarray) -> None:
    """Draw the losses of an epoch and mark the best."""
    epoch, best = np.arange(1, len(held_out) + 1), int(held_out.argmin())
    panel.plot(epoch, training, color=FAINT, ls="--", lw=0.9, label="training pairs")
    panel.plot(epoch, held_out, color=LOOKS["recipe"][1], label="held-out pairs")
    panel.plot(epoch[best], held_out[best], "*", color=TRUTH, ms=7, ls="none", label=f"best epoch, {epoch[best]}")
    panel.set(xlabel="Epoch", ylabel=r"$-\ln q(\theta\,|\,x)$ (nat)", xlim=(0, len(epoch) + 3))
    panel.legend(loc="upper right")


def draw_excess(panel, by_fifths: dict) -> None:
    """Draw by how much the loss of their network is above the other's, in fifths of the prior by each parameter."""
    for name, meaning in zip(NAMES, MEANINGS, strict=True):
        values = [fifth["value"] for fifth in by_fifths[name]]
        fifth = np.arange(1, len(values) + 1)
        panel.plot(fifth, values, color=COLOURS[name], ls=DASHES[name], marker="o", ms=2.5, label=meaning.label)
    panel.set(xlabel="Fifth of the galaxies, by each parameter", ylabel="Loss above (nat)", xticks=fifth)
    panel.set_ylim(0, 1.45 * panel.get_ylim()[1])
    panel.legend(loc="upper center", ncols=3, columnspacing=1.2)


def main() -> None:
    """Draw coverage of both networks, where the first loses against the second, and the training of the second."""
    audit, recipe = paths.DATA / "released_network.json", paths.DATA / "released_recipe.h5"
    trained = read_product(recipe, RELEASED_RECIPE)
    found = read_json(audit)
    figure = plt.figure(figsize=(COLUMN, 5.7))
    figure.get_layout_engine().set(h_pad=0.06)
    grid = figure.add_gridspec(3, 2, height_ratios=(1.2, 0.9, 0.9))
    left = figure.add_subplot(grid[0, 0])
    draw_shares(figure, (left, figure.add_subplot(grid[0, 1], sharey=left)), found["measured"])
    figure.axes[1].tick_params(axis="y", labelleft=False)
    draw_excess(figure.add_subplot(grid[1, :]), found["shifted_above_by_fifths"])
    draw_training(figure.add_subplot(grid[2, :]), trained["training_loss"], trained["held_out_loss"])
    save(figure, "released", [audit, recipe])


if __name__ == "__main__":
    draw(main)
