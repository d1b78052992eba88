"""Figure `compression`: the information that a few components of the spectra lose."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import matplotlib.pyplot as plt

from digs.base import paths
from digs.files.atomic import read_json
from digs.paper.plotting import COLUMN, FAINT, TRUTH, draw, save

LOOKS = {
    "variance": ("along which spectra vary most", FAINT, "s", "--"),
    "scores": ("that posteriors need most", TRUTH, "o", "-"),
}


def main() -> None:
    """Draw the information lost about the parameters against the number of components, for both ways to choose them."""
    source = paths.DATA / "compression.json"
    compression = read_json(source)
    figure, axes = plt.subplots(figsize=(COLUMN, 2.3))
    for choice, (label, colour, marker, dash) in LOOKS.items():
        lost = compression["lost"][choice]
        axes.errorbar(
            compression["components"],
            [each["value"] for each in lost],
            [each["error"] for each in lost],
            color=colour, marker=marker, ms=3.5, lw=0.8, ls=dash, capsize=2, label=label,
        )  # fmt: skip
    axes.set(yscale="log", xlabel="Components", ylabel="Information lost (nat)")
    axes.legend(loc="lower left")
    save(figure, "compression", [source])


if __name__ == "__main__":
    draw(main)
