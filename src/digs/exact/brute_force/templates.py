r"""Templates: the ln spectra of all nodes of a grid, as a few numbers each.

With s the fluxes of a galaxy of one solar mass and the dust d, the middle of the prior's, a model is
ln m_i = ln s_i + v - (dust2 - d) k_i, v = ln M (but for what the line-spread function mixes, see
digs.flows.mass_and_dust). So

    ln s_i = mu_i + a_0 + a_1 k_i + unit \sum_j c_j B_ij,        \sum_i B_ij = \sum_i B_ij k_i = 0

with orthonormal B: only the c's remain of the likelihood when mass and dust are free, and a_0 and a_1 say what mass and
dust then are. B holds the principal components of all templates that stand out of the noise.

A grid is a product of three axes, less the nodes of cells that the prior's box leaves out: its range in ln tau is a
stripe in the plane of x = ln tage and y = ln(tage / tau). Nodes of the plane that are kept are numbered; the
metallicities of each follow one another.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from digs.config.theta import DUST, NAMES, index
from digs.exact.brute_force.axes import LN10, Axes, choose_axes, log_tau_range
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

LEAST, MOST = 8, 62  # components
WIDTH = 16  # numbers of a vector, which rows of features are filled up to


_LOST = 0.05  # sigma, that all but one in a thousand templates lose by compression, at most


_LOGZSOL, _AGE, _TAU = index("logzsol"), index("tage"), index("logtau")


@dataclass(frozen=True)
class Templates:
    """What is known of the nodes, T in number, with K components and n pixels.

    unit: of the c's: the noise in ln flux that they are in units of.
    features: (T, W): the c's, a_0, a_1, and zeros.
    components: K.
    number: of nodes of the plane, shape (x, y), -1 where they are left out.
    mean, basis: mu, (n,), and B, (n, K).
    curve: k, (n,).
    linear: what makes a_0 and a_1 of ln spectra, (n, 2).
    """

    axes: Axes
    unit: float
    features: np.ndarray
    components: int
    number: np.ndarray
    mean: np.ndarray
    basis: np.ndarray
    curve: np.ndarray
    linear: np.ndarray


def middle_dust(prior: Prior) -> float:
    """Return the dust of the templates, d."""
    return (prior.low[DUST].item() + prior.high[DUST].item()) / 2


def make_templates(simulator: Simulator, prior: Prior, unit: float) -> Templates:
    """Return the templates of a grid over a prior.

    Args:
        unit: of the noise in ln flux that the grid is made for.
    """
    curve = simulator.curve.double().cpu()
    straight = torch.stack([torch.ones_like(curve), curve], 1)
    linear = torch.linalg.pinv(straight).T

    def log_spectra(logzsol: Tensor, log_age: Tensor, log_ratio: Tensor) -> Tensor:
        theta = torch.zeros(len(logzsol), len(NAMES), dtype=torch.float64)
        theta[:, _LOGZSOL] = logzsol
        theta[:, DUST] = middle_dust(prior)
        theta[:, _AGE] = log_age.exp()
        theta[:, _TAU] = (log_age - log_ratio) / LN10
        low, high = simulator.domain.double().cpu()
        return simulator(theta.clamp(low, high)).double().cpu().log()

    def shape(*at: Tensor) -> Tensor:
        spectra = log_spectra(*at)
        return (spectra - spectra @ linear @ straight.T) / unit

    axes = choose_axes(shape, prior, simulator.logzsol.double().cpu().numpy())
    number = _numbers(axes, *log_tau_range(prior))
    ages, ratios = (number >= 0).nonzero()
    metallicities = torch.as_tensor(axes.logzsol)
    planes = (torch.as_tensor(nodes[which]) for nodes, which in ((axes.log_age, ages), (axes.log_ratio, ratios)))
    at = [nodes.repeat_interleave(len(metallicities)) for nodes in planes]
    spectra = torch.cat(
        [
            log_spectra(*some)
            for some in zip(metallicities.repeat(len(ages)).split(20_000), *(x.split(20_000) for x in at), strict=True)
        ]
    )
    levels = spectra @ linear
    spectra -= levels @ straight.T
    mean = spectra.mean(0)
    spectra -= mean
    _, vectors = torch.linalg.eigh(spectra.T @ spectra)
    vectors = vectors.flip(1)[:, : min(MOST, len(curve) - 2)]
    scores = spectra @ vectors / unit
    whole = (spectra / unit).square().sum(1)
    lost = (whole[:, None] - scores.square().cumsum(1)).clamp_min(0).sqrt()
    lost = torch.as_tensor(np.quantile(lost.numpy(), 0.999, axis=0))  # torch's takes no more than 2^24 values
    components = LEAST + int((lost[LEAST:] > _LOST).sum()) if len(lost) > LEAST else len(lost)
    features = torch.zeros(len(spectra), -(-(components + 2) // WIDTH) * WIDTH, dtype=torch.float32)
    features[:, :components] = scores[:, :components]
    features[:, components : components + 2] = levels
    return Templates(
        axes,
        unit,
        features.numpy(),
        components,
        number,
        mean.numpy(),
        vectors[:, :components].contiguous().numpy(),
        curve.numpy(),
        linear.numpy(),
    )


def _numbers(axes: Axes, low: float, high: float) -> np.ndarray:
    """The numbers of nodes of the plane that are corners of cells which hold some of a range of ln tau; else -1."""
    x, y = axes.log_age, axes.log_ratio
    cells = (x[1:, None] - y[:-1] >= low) & (x[:-1, None] - y[1:] <= high)
    kept = np.zeros((len(x), len(y)), dtype=bool)
    for dx in (0, 1):
        for dy in (0, 1):
            kept[dx : dx + len(x) - 1, dy : dy + len(y) - 1] |= cells
    return np.where(kept, kept.ravel().cumsum().reshape(kept.shape) - 1, -1).astype(np.int32)
