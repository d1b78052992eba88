"""Figure `recovery`: true and recovered parameters of the test set."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from digs.base import paths
from digs.config.params import load_params
from digs.config.theta import Parameter, parameters
from digs.diagnostics.ranks import central
from digs.files.atomic import read_json
from digs.files.product import read_product
from digs.files.schemas.posteriors_schema import POSTERIORS
from digs.paper.plotting import COLOURS, FAINT, TRUTH, draw, note, parameter_panels, prior_limits, save

EVERY = 4  # which error bars are drawn
REACH = 4.5  # of the panels of chi; what lies beyond is drawn as triangles at the edge


def draw_recovery(
    axes: Axes, parameter: Parameter, truth: np.ndarray, quantiles: np.ndarray, inside: np.ndarray
) -> None:
    """Draw medians against truths, with 68% error bars.

    Args:
        truth, inside: shape (galaxies,). quantiles: 16%, 50%, 84%, shape (3, galaxies).
    """
    low, median, high = quantiles
    colour, some = COLOURS[parameter.name], slice(None, None, EVERY)
    errors = (median - low)[some], (high - median)[some]
    axes.errorbar(truth[some], median[some], errors, fmt="none", ecolor=colour, elinewidth=0.4, alpha=0.35)
    for chosen, shade in ((~inside, FAINT), (inside, colour)):
        axes.plot(truth[chosen], median[chosen], ".", ms=2.2, mew=0, color=shade)
    axes.axline((parameter.low, parameter.low), slope=1, color=TRUTH, lw=0.7, ls="--")
    prior_limits(axes, parameter, "x")
    prior_limits(axes, parameter, "y")


def draw_chi(axes: Axes, parameter: Parameter, truth: np.ndarray, chi: np.ndarray, inside: np.ndarray) -> None:
    """Draw residuals in units of the half-widths."""
    for chosen, shade in ((~inside, FAINT), (inside, COLOURS[parameter.name])):
        axes.plot(truth[chosen], np.where(np.abs(chi) < REACH, chi, np.nan)[chosen], ".", ms=2.2, mew=0, color=shade)
        for sign, marker in ((1, "^"), (-1, "v")):
            beyond = chosen & (sign * chi >= REACH)
            axes.plot(truth[beyond], np.full(beyond.sum(), 0.95 * sign * REACH), marker, ms=2.5, mew=0, color=shade)
    for level in (-1, 0, 1):
        axes.axhline(level, color=TRUTH, lw=0.7 if level == 0 else 0.5, ls="--" if level == 0 else ":")
    prior_limits(axes, parameter)
    unit = f" ({parameter.unit})" if parameter.unit else ""
    axes.set(xlabel=f"True value{unit}", ylim=(-REACH, 1.35 * REACH))


def annotate(recovered: Axes, residual: Axes, metrics: dict[str, Any]) -> None:
    """Write the numbers of calibration.json that belong to the two panels into them."""
    note(recovered, f"$r = {metrics['correlation']['value']:.3f}$")
    note(recovered, f"${metrics['correlation_central']:.3f}$ (central)", 0.96, 0.04)
    mean, spread = metrics["chi_mean"]["value"], metrics["chi_std"]["value"]
    note(residual, rf"$\chi = {mean:+.2f} \pm {spread:.2f}$")


def main() -> None:
    """Draw how well NPE recovers the parameters of the test set."""
    sources = [paths.DATA / "posteriors.h5", paths.DATA / "calibration.json"]
    posteriors, calibration = read_product(sources[0], POSTERIORS), read_json(sources[1])
    truth, quantiles = posteriors["theta"], posteriors["quantiles"][:, 1:4]
    box = parameters(load_params().prior)
    inside = central(truth, np.array([p.low for p in box]), np.array([p.high for p in box]))
    low, median, high = quantiles.swapaxes(0, 1)
    chi = 2 * (median - truth) / (high - low)

    figure, grid = parameter_panels(2, 3.1, sharex="col")
    for place, parameter in enumerate(box):
        recovered, residual = grid[:, place]
        draw_recovery(recovered, parameter, truth[:, place], quantiles[..., place].T, inside[:, place])
        draw_chi(residual, parameter, truth[:, place], chi[:, place], inside[:, place])
        annotate(recovered, residual, calibration["parameters"][parameter.name])
    grid[0, 0].set_ylabel("Recovered value")
    grid[1, 0].set_ylabel(r"$\chi$")
    for axes in grid[1, 1:]:
        axes.tick_params(labelleft=False)
    save(figure, "recovery", [*sources, paths.PARAMS])


if __name__ == "__main__":
    draw(main)
