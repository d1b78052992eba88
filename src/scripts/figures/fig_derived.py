"""Figure `derived`: derived quantities of the galaxy of Fig. 3, and what the prior says of them."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from digs.config.params import load_params
from digs.paper.derived_of_galaxy import SHOWN, SOURCES, derived_of_galaxy
from digs.paper.plotting import BAND, MCMC, NETWORK_STYLES, PAGE, TRUTH, draw, legend_above, save
from digs.physics.derived import DERIVED, DerivedMeaning

BINS = 40
SIGNED_TICKS = (-2, 0, 10, 100, 1000)  # where an axis is neither linear nor logarithmic


def draw_panel(axes: Axes, quantity: DerivedMeaning, draws: dict[str, np.ndarray]) -> None:
    """Draw histograms of one quantity, each to its own height, and its true value."""
    axes.set_xscale(quantity.scale)
    to_axis = axes.xaxis.get_transform()
    along = {name: to_axis.transform(values) for name, values in draws.items()}
    ends = {name: np.quantile(along[name], quantiles) for name, quantiles in SHOWN.items()}
    posteriors = np.concatenate([ends["mcmc"], ends["npe"]])
    whole = np.append(posteriors, ends["prior"])
    colour, dashes, _ = NETWORK_STYLES["fiducial"]
    for name, shown, look in (
        ("prior", whole, {"fill": True, "color": BAND, "label": "prior"}),
        ("mcmc", posteriors, {"color": MCMC, "lw": 1.0, "label": "MCMC"}),
        ("npe", posteriors, {"color": colour, "ls": dashes, "lw": 1.3, "label": "fiducial"}),
    ):
        counts, edges = np.histogram(along[name], np.linspace(shown.min(), shown.max(), BINS + 1))
        axes.stairs(counts / counts.max(), to_axis.inverted().transform(edges), **look)
    axes.axvline(draws["truth"][0], color=TRUTH, ls="--", lw=0.7, label="truth")
    axes.set(
        xlim=to_axis.inverted().transform([whole.min(), whole.max()]),
        ylim=(0, 1.08),
        yticks=[],
        xlabel=quantity.axis_label,
    )
    if quantity.scale == "asinh":
        axes.set_xticks(SIGNED_TICKS, [f"${tick}$" for tick in SIGNED_TICKS])
        axes.minorticks_off()


def main() -> None:
    """Draw the priors that the model's prior induces on derived quantities, and posteriors of the galaxy of Fig. 3."""
    found = derived_of_galaxy(load_params().prior)
    figure, axes = plt.subplots(2, len(DERIVED) // 2, figsize=(PAGE, 3.5))
    for panel, quantity in zip(axes.flat, DERIVED, strict=True):
        draw_panel(panel, quantity, {name: quantities[quantity.name] for name, quantities in found.items()})
    for row in axes:
        row[0].set_ylabel("Density / its maximum")
    legend_above(figure, axes[0, 0])
    save(figure, "derived", SOURCES)


if __name__ == "__main__":
    draw(main)
