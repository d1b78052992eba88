"""Figure `recovery`: true and recovered parameters of test galaxies, by the lookup and by the fiducial network."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import numpy as np
from matplotlib.axes import Axes

from digs.base import paths
from digs.config.params import load_params
from digs.config.theta import Parameter, parameters
from digs.files.product import read_product
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.flows.network_files import NETWORKS
from digs.inference.posterior import Posterior
from digs.paper.plotting import NETWORK_STYLES, TRUTH, draw, note, parameter_panels, prior_limits, save

SHOWN = ("lookup", "fiducial")
GALAXIES, DRAWS, SEED = 300, 200, 52  # the first of the test set
EVERY = 2  # which error bars are drawn


def draw_recovery(axes: Axes, parameter: Parameter, truth: np.ndarray, quantiles: np.ndarray, network: str) -> None:
    """Draw medians against truths, with 68% error bars.

    Args:
        truth: shape (galaxies,).
        quantiles: 16%, 50%, 84%, shape (3, galaxies).
    """
    low, median, high = quantiles
    colour, _, marker = NETWORK_STYLES[network]
    some = slice(None, None, EVERY)
    errors = (median - low)[some], (high - median)[some]
    axes.errorbar(truth[some], median[some], errors, fmt="none", ecolor=colour, elinewidth=0.5, alpha=0.4)
    axes.plot(truth, median, marker=marker, ms=1.6, mew=0, ls="none", color=colour)
    axes.axline((parameter.low, parameter.low), slope=1, color=TRUTH, lw=0.7, ls="--")
    note(axes, f"$r={np.corrcoef(truth, median)[0, 1]:.3f}$")
    note(axes, f"{np.mean((low < truth) & (truth < high)):.0%} in 68%", 0.96, 0.04)
    prior_limits(axes, parameter, "x")
    prior_limits(axes, parameter, "y")


def main() -> None:
    """Draw how the lookup's network and the fiducial one recover the parameters of test galaxies."""
    source = paths.DATA / "test.h5"
    test, box = read_product(source, OBSERVATIONS), parameters(load_params().prior)
    truth, flux = (test[name][:GALAXIES] for name in ("theta", "noisy_flux"))
    figure, grid = parameter_panels(len(SHOWN), 3.1, sharex="col")
    for row, network in zip(grid, SHOWN, strict=True):
        draws = Posterior.load(network).sample(flux, DRAWS, SEED).numpy()
        quantiles = np.quantile(draws, (0.16, 0.5, 0.84), axis=1)
        for place, (axes, parameter) in enumerate(zip(row, box, strict=True)):
            draw_recovery(axes, parameter, truth[:, place], quantiles[..., place], network)
        row[0].set_ylabel(f"{network}: recovered")
    for axes, parameter in zip(grid[-1], box, strict=True):
        axes.set_xlabel("True value" + (f" ({parameter.unit})" if parameter.unit else ""))
    files = [NETWORKS / f"{name}.{ending}" for name in SHOWN for ending in ("json", "safetensors")]
    save(figure, "recovery", [source, *files, paths.PARAMS])


if __name__ == "__main__":
    draw(main)
