"""Figure `architecture`: from parameters to posterior, as Fig. 2 of Khullar et al. (2022)."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from digs.base import paths
from digs.config.params import load_params
from digs.config.stages.library_settings import LibrarySettings
from digs.config.stages.posteriors_settings import PosteriorsSettings
from digs.flows.network_files import NETWORKS, NetworkRecord, load_record
from digs.paper.latex_numbers import scientific
from digs.paper.plotting import GREEN, NPE, PAGE, draw, save

HEIGHT = 2.75
PLAIN, DATA_FILL, FLOW_FILL = "0.95", "#E3F0F8", "#FBEADF"
TOP, MIDDLE = 2.2, 0.98  # of the two rows of boxes


BOTH_WAYS = {"arrowstyle": "<|-|>", "color": "0.3", "lw": 1.0, "shrinkA": 0, "shrinkB": 0}


def box(axes: Axes, x: float, y: float, width: float, height: float, text: str, fill: str = PLAIN) -> None:
    """Draw a box around (x, y), in inches."""
    corner = (x - width / 2, y - height / 2)
    shape = "round,pad=0,rounding_size=0.06"
    axes.add_patch(FancyBboxPatch(corner, width, height, boxstyle=shape, fc=fill, ec="0.3", lw=0.7))
    axes.text(x, y, text, ha="center", va="center", fontsize=8, linespacing=1.25)


def arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: str = "0.3") -> None:
    """Draw an arrow between two points, in inches."""
    axes.annotate("", end, start, arrowprops=BOTH_WAYS | {"arrowstyle": "-|>", "color": colour})


def draw_data(axes: Axes, record: NetworkRecord) -> None:
    """Draw the upper row: from the prior to the data vector."""
    pixels, dimensions = len(record.wavelength), len(record.prior_low)
    spectra, pairs = load_params(LibrarySettings).library.size, record.training["settings"]["pairs"]
    box(axes, 0.66, TOP, 1.16, 0.8, "Prior\n" + rf"$\theta\in\mathbb{{R}}^{dimensions}$, uniform")
    box(axes, 2.33, TOP, 1.4, 0.8, f"Simulator\nProspector (FSPS)\n{spectra:,} spectra", DATA_FILL)
    box(
        axes,
        4.05,
        TOP,
        1.26,
        0.8,
        f"Noise\n{record.noise_fraction:.0%}, always fresh\n${scientific(pairs, 1)}$ / epoch",
        DATA_FILL,
    )
    box(
        axes, 6.06, TOP, 1.96, 0.8,
        rf"Data vector $x\in\mathbb{{R}}^{{{pixels + 1}}}$, standardised" "\n"
        r"level $\langle\log F_\lambda\rangle$ (1)" "\n"
        rf"shape $\log F_\lambda - \langle\log F_\lambda\rangle$ ({pixels})",
        DATA_FILL,
    )  # fmt: skip
    for left, right in ((1.24, 1.63), (3.03, 3.42), (4.68, 5.08)):
        arrow(axes, (left, TOP), (right, TOP))


def draw_flow(axes: Axes, record: NetworkRecord) -> None:
    """Draw the lower row: the flow between parameters and normal noise, conditioned on the data vector."""
    transforms, hidden = record.architecture.num_transforms, record.architecture.hidden_features
    dimensions = len(record.prior_low)
    box(axes, 0.66, MIDDLE, 1.16, 0.62, "Unbounded\n" + r"$z = {\rm logit}\,u(\theta)$")
    box(axes, 6.37, MIDDLE, 1.34, 0.62, "Base\n" + rf"$\epsilon\sim\mathcal{{N}}(0, I_{dimensions})$")
    left, right = 1.66, 5.28
    pitch = (right - left) / transforms
    for number in range(transforms):
        x = left + (number + 0.5) * pitch
        box(axes, x, MIDDLE, 0.8 * pitch, 0.62, f"$T_{{{number + 1}}}$", FLOW_FILL)
        arrow(axes, (x, 1.56), (x, MIDDLE + 0.31))
    for ends in ((1.24, left + 0.1 * pitch), (right - 0.1 * pitch, 5.7)):
        axes.annotate("", (ends[0], MIDDLE), (ends[1], MIDDLE), arrowprops=BOTH_WAYS)
    axes.plot([left + pitch / 2, 6.06, 6.06], [1.56, 1.56, TOP - 0.4], color="0.3", lw=1.0, solid_capstyle="butt")
    axes.text(5.98, 1.64, r"condition every $T_k$ on $x$", ha="right", va="bottom", fontsize=7.5)
    arrow(axes, (0.66, TOP - 0.4), (0.66, MIDDLE + 0.31))
    family = {"maf": "masked autoregressive flow"}.get(record.architecture.density_estimator, "normalising flow")
    caption = f"{family}: {transforms} transforms of {hidden} hidden units, {record.training['weights']:,} weights"
    axes.text((left + right) / 2, MIDDLE - 0.38, caption, ha="center", va="top", fontsize=8)


def draw_use(axes: Axes) -> None:
    """Draw the two directions in which the flow is run."""
    lanes = (
        (0.36, (0.66, 6.37), GREEN, r"training: minimise $-\ln q(z\,|\,x)$"),
        (0.1, (6.37, 0.66), NPE, r"inference: draws of $\epsilon$ become posterior draws of $\theta$"),
    )
    for y, (start, end), colour, text in lanes:
        arrow(axes, (start, y), (end, y), colour)
        axes.text(
            3.47, y, text, color=colour, ha="center", va="center", fontsize=8,
            bbox={"fc": "white", "ec": "none", "pad": 2},
        )  # fmt: skip


def main() -> None:
    """Draw the network and the data that it learns from."""
    network = load_params(PosteriorsSettings).posteriors.network
    record = load_record(network)
    figure = plt.figure(figsize=(PAGE, HEIGHT), layout="none")
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, PAGE), ylim=(0, HEIGHT))
    axes.set_axis_off()
    draw_data(axes, record)
    draw_flow(axes, record)
    draw_use(axes)
    save(figure, "architecture", [NETWORKS / f"{network}.json", paths.PARAMS])


if __name__ == "__main__":
    draw(main)
