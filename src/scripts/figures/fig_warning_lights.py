"""Figure `warning_lights`: what the warning lights detect of spectra that are wrong, and what they let pass."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import SymLogNorm

from digs.base import paths
from digs.config.theta import NAMES
from digs.files.atomic import read_json
from digs.paper.plotting import PAGE, SMALL, draw, save

SHARES = {"detected": "lights", "rejected": "fit"}
LABELS = dict(zip(NAMES, ("mass", "metal.", "dust", "age", r"$\log\tau$"), strict=True))
FARTHEST, LINEAR = 30.0, 1.0  # half-widths: where the colours of biases end, and up to where they are linear

Row = tuple[str, str, dict[str, Any]]  # what is wrong, how much, what was measured


def rows_of(content: dict[str, Any]) -> list[list[Row]]:
    """Return two blocks of rows of about equal length, sound spectra first, no corruption in both."""
    sound = content["checked"]["exact"] | {"bias": content["healthy_bias"]}
    kinds = [[("none", "", sound)]]
    kinds += [
        [(found["label"], strength, each) for strength, each in found["strengths"].items()]
        for found in content["measured"].values()
    ]
    blocks: list[list[Row]] = [[], []]
    for kind in kinds:
        blocks[2 * len(blocks[0]) >= sum(map(len, kinds))].extend(kind)
    return blocks


def write(axes: Axes, x: int, y: int, text: str, light: bool) -> None:
    """Write a number into a cell, in white on dark."""
    axes.text(x, y, text, ha="center", va="center", fontsize=6.5, color="white" if light else "black")


def draw_block(shares: Axes, biases: Axes, rows: list[Row]) -> None:
    """Draw the shares that are detected and rejected, and the biases of what no light is on for."""
    share = np.array([[100 * each[key]["value"] for key in SHARES] for _, _, each in rows])
    bias = np.array([[each["bias"][name]["value"] if each["bias"] else np.nan for name in NAMES] for *_, each in rows])
    shares.imshow(share, cmap="Greys", vmin=0, vmax=125, aspect="auto")
    biases.imshow(bias, cmap="PuOr", norm=SymLogNorm(LINEAR, vmin=-FARTHEST, vmax=FARTHEST), aspect="auto")
    biases.set_facecolor("0.97")
    for y in range(len(rows)):
        for x, value in enumerate(share[y]):
            write(shares, x, y, f"{value:.1f}" if value < 10 else f"{value:.0f}", value > 65)
        for x, value in enumerate(bias[y]):
            if np.isfinite(value):
                text = f"{value:+.1f}" if abs(value) < 9.95 else f"{value:+.0f}"
                write(biases, x, y, "0" if abs(value) < 0.05 else text, abs(value) > 5)
    shares.set_yticks(range(len(rows)), [strength for _, strength, _ in rows], fontsize=6.5)
    first = [y for y in range(len(rows)) if y == 0 or rows[y][0] != rows[y - 1][0]]
    for y in first:
        shares.text(-1.35, y, rows[y][0], ha="right", va="center", fontsize=SMALL)
        for axes in (shares, biases):
            axes.axhline(y - 0.5, color="0.4", lw=0.4)
    for axes, names in ((shares, SHARES.values()), (biases, LABELS.values())):
        axes.set_xticks(range(len(names)), names, fontsize=SMALL)
        axes.tick_params(length=0, labeltop=True, labelbottom=False)
    biases.set_yticks([])


def main() -> None:
    """Draw detection, rejection and the bias of the undetected, for every corruption and strength."""
    source = paths.DATA / "warning_lights.json"
    blocks = rows_of(read_json(source))
    figure = plt.figure(figsize=(PAGE, 0.4 + 0.165 * max(map(len, blocks))), layout="none")
    top = 1 - 0.36 / figure.get_figheight()
    for rows, left in zip(blocks, (0.155, 0.658), strict=True):
        height = top * len(rows) / max(map(len, blocks))
        pair = [
            figure.add_axes((left + at, top - height + 0.01, wide, height - 0.01))
            for at, wide in ((0, 0.09), (0.1, 0.24))
        ]
        draw_block(*pair, rows)
        for axes, title in zip(pair, ("on for, rejected by (%)", "bias of the undetected / half-width"), strict=True):
            axes.set_title(title, fontsize=SMALL, pad=14)
    save(figure, "warning_lights", [source])


if __name__ == "__main__":
    draw(main)
