"""Figure `architecture`: how training pairs are made, with and without the lookup, and what is learned from them."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from digs.base import paths
from digs.config.params import load_params
from digs.config.stages.library_settings import LibrarySettings
from digs.flows.network_files import NETWORKS, NetworkRecord, load_record
from digs.paper.plotting import NETWORK_STYLES, PAGE, draw, save

HEIGHT = 3.5
PLAIN, GREY = "0.96", "0.3"
LOOKUP, EXACT, FIDUCIAL = (NETWORK_STYLES[name][0] for name in ("lookup", "exact", "fiducial"))
PALE = {LOOKUP: "#E3F0F8", EXACT: "#E2F4EC", FIDUCIAL: "#FBEADF"}
PAIRS, MAF, CLOSED = 2.72, 1.42, 0.42  # heights of the three rows


def box(axes: Axes, x: float, y: float, width: float, height: float, text: str, edge: str = GREY) -> None:
    """Draw a box around (x, y), in inches."""
    corner = (x - width / 2, y - height / 2)
    shape = "round,pad=0,rounding_size=0.05"
    fill = PALE.get(edge, PLAIN)
    axes.add_patch(FancyBboxPatch(corner, width, height, boxstyle=shape, fc=fill, ec=edge, lw=0.8))
    axes.text(x, y, text, ha="center", va="center", fontsize=8, linespacing=1.25)


def arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: str = GREY, style: str = "-|>"
) -> None:
    """Draw an arrow between two points, in inches."""
    look = {"arrowstyle": style, "color": colour, "lw": 1.1, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, start, arrowprops=look)


def name_row(axes: Axes, y: float, text: str) -> None:
    """Write what a row shows, at its left end."""
    axes.text(0.05, y, text, ha="left", va="center", fontsize=8, weight="bold", linespacing=1.2)


def draw_pairs(axes: Axes, record: NetworkRecord) -> None:
    """Draw both ways from the prior to a training pair."""
    library = load_params(LibrarySettings).library.size
    name_row(axes, PAIRS, "A training\npair")
    box(axes, 1.35, PAIRS, 0.9, 0.5, "Prior\n" + r"new $\theta$")
    box(axes, 3.25, PAIRS + 0.4, 1.9, 0.5, r"Exact simulator" "\n" r"the spectrum of $\theta$ itself", EXACT)
    nearest = f"Library of {library:,} spectra\n" r"the one whose $\theta^\prime$ is nearest"
    box(axes, 3.25, PAIRS - 0.4, 1.9, 0.5, nearest, LOOKUP)
    box(axes, 5.05, PAIRS, 0.8, 0.5, f"Noise\n{record.noise_fraction:.0%}, fresh")
    box(axes, 6.42, PAIRS, 1.24, 0.5, "Pair\n" r"$(\theta,\ x)$")
    for colour, up in ((EXACT, 1), (LOOKUP, -1)):
        arrow(axes, (1.8, PAIRS + 0.08 * up), (2.3, PAIRS + 0.4 * up), colour)
        arrow(axes, (4.2, PAIRS + 0.4 * up), (4.65, PAIRS + 0.08 * up), colour)
    arrow(axes, (5.45, PAIRS), (5.8, PAIRS))
    note = {"ha": "center", "fontsize": 7.5}
    axes.text(5.3, PAIRS + 0.45, "true pairs: exact, fiducial", color=EXACT, va="center", **note)
    axes.text(
        5.3, PAIRS - 0.45, r"lookup: the label stays $\theta$, not $\theta^\prime$", color=LOOKUP, va="center", **note
    )


def draw_maf(axes: Axes, record: NetworkRecord) -> None:
    """Draw the flow of K22 between parameters and normal noise, conditioned on the data."""
    architecture, dimensions = record.architecture, len(record.prior_low)
    name_row(axes, MAF, "lookup, exact,\npaper")
    box(axes, 1.5, MAF, 0.95, 0.5, "Unbounded\n" + r"$z={\rm logit}\,u(\theta)$")
    box(axes, 6.42, MAF, 1.24, 0.5, "Normal noise\n" + rf"$\epsilon\sim\mathcal{{N}}(0, I_{dimensions})$")
    left, right, transforms = 2.3, 5.48, architecture.num_transforms
    pitch = (right - left) / transforms
    for number in range(transforms):
        x = left + (number + 0.5) * pitch
        box(axes, x, MAF, 0.8 * pitch, 0.42, f"$T_{{{number + 1}}}$")
        arrow(axes, (x, MAF + 0.5), (x, MAF + 0.21))
    axes.plot([left + pitch / 2, 6.42, 6.42], [MAF + 0.5, MAF + 0.5, PAIRS - 0.25], color=GREY, lw=1.1)
    for ends in ((1.975, left + 0.1 * pitch), (right - 0.1 * pitch, 5.8)):
        arrow(axes, (ends[0], MAF), (ends[1], MAF), style="<|-|>")
    axes.text(6.5, MAF + 0.6, "every\n$T_k$ sees $x$", ha="left", va="center", fontsize=7.5, linespacing=1.1)
    caption = (
        f"masked autoregressive flow of K22: {transforms} transforms of {architecture.hidden_features} hidden units"
    )
    axes.text((left + right) / 2, MAF - 0.28, caption, ha="center", va="top", fontsize=7.5)


def draw_closed(axes: Axes, record: NetworkRecord) -> None:
    """Draw the fiducial network: a flow of three parameters, and mass and dust in closed form."""
    architecture = record.architecture
    name_row(axes, CLOSED, "fiducial")
    box(axes, 1.5, CLOSED, 1.3, 0.5, f"Components of $x$\n{architecture.components}, and its level", FIDUCIAL)
    box(axes, 3.0, CLOSED, 1.1, 0.5, f"Embedding\n{architecture.embedding.features} outputs", FIDUCIAL)
    learned = f"{architecture.num_transforms} spline transforms\n" r"$Z,\ t_{\rm age},\ \tau$"
    box(axes, 4.5, CLOSED, 1.3, 0.5, learned, FIDUCIAL)
    box(axes, 6.27, CLOSED, 1.54, 0.5, "Closed form, exact model\n" r"$M,\ \tau_{\lambda,2}$ given the rest", FIDUCIAL)
    for start, end in ((2.15, 2.45), (3.55, 3.85), (5.15, 5.5)):
        arrow(axes, (start, CLOSED), (end, CLOSED), FIDUCIAL)


def main() -> None:
    """Draw training pairs, the flow of K22 and the fiducial network."""
    names = ("lookup", "fiducial")
    published, ours = map(load_record, names)
    figure = plt.figure(figsize=(PAGE, HEIGHT), layout="none")
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, PAGE), ylim=(0, HEIGHT))
    axes.set_axis_off()
    draw_pairs(axes, published)
    draw_maf(axes, published)
    draw_closed(axes, ours)
    save(figure, "architecture", [*(NETWORKS / f"{name}.json" for name in names), paths.PARAMS])


if __name__ == "__main__":
    draw(main)
