r"""Templates: the spectra of all nodes of a grid.

With s the fluxes of a galaxy of one solar mass and the dust d, the middle of the prior's, a model is
ln m_i = ln s_i + v - (dust2 - d) k_i, v = ln M (but for what the line-spread function mixes, see
digs.flows.mass_and_dust). So of the features of ln s (digs.exact.brute_force.template_features) only the c's remain in
the likelihood when mass and dust are free, and a_0 and a_1 say what mass and dust then are.

A grid is a product of its axes, less the nodes of cells that the prior's box leaves out: its range in ln tau is a
stripe in the plane of x = ln tage and y = ln(tage / tau). Nodes of the plane that are kept are numbered; the nodes of
the other axes at each of them are a block, in which metallicities follow one another.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from digs.base.errors import DigsError
from digs.config.theta import DUST, MASS, NAMES, index
from digs.exact.brute_force.axes import DENSE, LN10, Axes, X, Y, Z, choose_axes
from digs.exact.brute_force.template_features import SHOWN, TemplateFeatures, split_off
from digs.physics.fixed_columns import FixedColumns, with_all_columns
from digs.physics.prior import Prior
from digs.physics.simulator import GAS_NAMES, Simulator

_AT_ONCE = 20_000  # spectra, to bound memory


_MOST_PLACES = 8_000_000  # products of nodes; some of them hold none of the prior, the others take a kilobyte each


_LOGZSOL, _AGE, _TAU = index("logzsol"), index("tage"), index("logtau")


@dataclass(frozen=True)
class Templates(TemplateFeatures):
    """The templates of a grid.

    number: of nodes of the plane, shape (x, y), -1 where they are left out.
    """

    axes: Axes
    number: np.ndarray


def middle_dust(prior: Prior) -> float:
    """Return the dust of the templates, d."""
    return (prior.low[DUST].item() + prior.high[DUST].item()) / 2


def places_of(axes: Axes, number: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the places on each axis of some nodes, (rows, D), by their rows among all."""
    plane, inner = np.divmod(rows, int(np.prod(axes.block())))
    ages, ratios = (number >= 0).nonzero()
    *others, metallicity = np.unravel_index(inner, axes.block())
    return np.stack([metallicity, ages[plane], ratios[plane], *others][: axes.dimensions], 1)


def make_templates(simulator: Simulator | FixedColumns, prior: Prior, unit: float) -> Templates:
    """Return the templates of a grid over a prior.

    Args:
        unit: of the noise in ln flux that the grid is made for.
    Raises:
        DigsError: there would be too many.
    """
    curve, axes = simulator.curve.double().cpu(), axes_of(simulator, prior, unit)
    if (places := math.prod(map(len, axes.nodes))) > _MOST_PLACES:
        raise DigsError(
            f"A grid for noise of {unit:g} has {places:.1g} places, too many for memory; give larger noise."
        )
    number = axes.planes(prior)

    def of_nodes(rows: np.ndarray) -> Tensor:
        places = places_of(axes, number, rows).T
        at = torch.stack([torch.as_tensor(nodes[which]) for nodes, which in zip(axes.nodes, places, strict=True)], 1)
        return log_spectra(simulator, prior, theta_at(at, simulator.names))

    size = axes.size(prior)
    shown = size if axes.dimensions <= DENSE else SHOWN
    return Templates.of(of_nodes, size, curve, unit, shown, axes=axes, number=number)


def axes_of(simulator: Simulator | FixedColumns, prior: Prior, unit: float, most: float | None = None) -> Axes:
    """Return the axes of a grid; arguments as of make_templates and choose_axes."""
    curve = simulator.curve.double().cpu()

    def shape(at: Tensor) -> Tensor:
        spectra = log_spectra(simulator, prior, theta_at(at, simulator.names))
        return split_off(spectra, curve)[1] / unit

    return choose_axes(shape, prior, _kinks(simulator), most)


def theta_at(at: Tensor, names: tuple[str, ...]) -> Tensor:
    """Return theta at coordinates, (N, D), as digs.exact.brute_force.axes has them; its mass and dust are 0."""
    theta = torch.zeros(len(at), len(names), dtype=torch.float64)
    theta[:, _LOGZSOL] = at[:, Z]
    if at.shape[1] > X:
        theta[:, _AGE] = at[:, X].exp()
    if at.shape[1] > Y:
        theta[:, _TAU] = (at[:, X] - at[:, Y]) / LN10
        theta[:, _TAU + 1 :] = at[:, Y + 1 :]
    return theta


def log_spectra(simulator: Simulator | FixedColumns, prior: Prior, theta: Tensor) -> Tensor:
    """Return ln spectra of theta, float64, of one solar mass and the dust d.

    Theta may lie outside what the simulator takes, and counts as at its ends.
    """
    theta = theta.clone()
    theta[:, MASS], theta[:, DUST] = 0.0, middle_dust(prior)
    low, high = simulator.domain.double().cpu()
    return torch.cat([simulator(some.clamp(low, high)).double().cpu().log() for some in theta.split(_AT_ONCE)])


def _kinks(simulator: Simulator | FixedColumns) -> list[np.ndarray]:
    """Where spectra have kinks on each axis; none where it has none."""
    inner, _ = with_all_columns(simulator)
    nodes = dict(zip(GAS_NAMES, (inner.gas.logz, inner.gas.logu), strict=True)) | {NAMES[_LOGZSOL]: inner.logzsol}
    coordinates = (simulator.names[_LOGZSOL], *simulator.names[_AGE:])
    return [nodes[name].double().cpu().numpy() if name in nodes else np.empty(0) for name in coordinates]
