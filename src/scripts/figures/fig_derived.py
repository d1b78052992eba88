"""Figure `derived`: derived quantities of the galaxy of Fig. 3, and what the prior says of them."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from digs.config.params import load_params
from digs.paper.derived_of_galaxy import SOURCES, derived_of_galaxy
from digs.paper.plotting import BAND, MCMC, NETWORK_STYLES, PAGE, TRUTH, draw, legend_above, save
from digs.physics.derived import DERIVED, DerivedMeaning

BINS = 60
ENDS = {"prior": (0.02, 0.995), "mcmc": (0.001, 0.999), "npe": (0.001, 0.999)}  # quantiles that the panels reach to
SCALES = {"linear": {}, "log": {}, "asinh": {"linear_width": 5.0}}


def draw_panel(axes: Axes, quantity: DerivedMeaning, draws: dict[str, np.ndarray]) -> None:
    """Draw histograms of one quantity, each to its own height, and its true value."""
    axes.set_xscale(quantity.scale, **SCALES[quantity.scale])
    to_axis = axes.xaxis.get_transform()
    along = {name: to_axis.transform(values) for name, values in draws.items()}
    ends = np.concatenate([np.quantile(along[name], quantiles) for name, quantiles in ENDS.items()])
    bins = np.linspace(ends.min(), ends.max(), BINS + 1)
    edges = to_axis.inverted().transform(bins)
    heights = {name: np.histogram(along[name], bins)[0] for name in ENDS}
    heights = {name: counts / counts.max() for name, counts in heights.items()}
    _, colour, dashes, _ = NETWORK_STYLES["fiducial"]
    axes.stairs(heights["prior"], edges, fill=True, color=BAND, label="prior")
    axes.stairs(heights["mcmc"], edges, color=MCMC, lw=1.0, label="MCMC")
    axes.stairs(heights["npe"], edges, color=colour, ls=dashes, lw=1.3, label="NPE, fiducial")
    axes.axvline(draws["truth"][0], color=TRUTH, ls="--", lw=0.7, label="truth")
    axes.set(xlim=edges[[0, -1]], ylim=(0, 1.08), yticks=[], xlabel=quantity.axis_label)


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
