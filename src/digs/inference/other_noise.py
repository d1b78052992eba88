"""The exact posterior where the noise is not what a network was trained for, by importance sampling.

Draws of the network are stretched about their mean in the coordinates that its flow learns, which multiplies their
density by a constant, and mass and dust are drawn anew from their closed form for the noise that there is. Unlike the
network's own draws these reach as far as the exact posterior does.
"""

import math

import torch
from torch import Tensor

from digs.base.errors import DigsError
from digs.base.random_streams import normal_numbers
from digs.config.theta import REST
from digs.exact.likelihood import log_joint
from digs.flows.coordinates import Marginal
from digs.flows.estimator import log_prob
from digs.flows.mass_and_dust import MassAndDust
from digs.inference.posterior import Posterior
from digs.physics.simulator import Simulator


@torch.no_grad()
def stretched_draws(
    posterior: Posterior, simulator: Simulator, flux: Tensor, fraction: float, stretch: float, draws: int, seed: int
) -> tuple[Tensor, Tensor]:
    """Return draws of theta, (N, draws, 5), and the log of the weights that make them exact, (N, draws), float64.

    Args:
        flux: observed F_lambda, shape (N, pixels).
        fraction: of the noise that the spectra have.
        stretch: of the draws of the three learned parameters; best where it is the ratio of the widths.
    Raises:
        DigsError: the network does not have mass and dust in closed form.
    """
    flow = posterior.flow
    if flow.marginal is None:
        raise DigsError(f"Network '{posterior.record.name}' has no closed form of mass and dust; choose 'fiducial'.")
    flux = torch.as_tensor(flux).to(flow.data_vector.mean)
    y = flow.marginal(posterior.sample(flux, draws, seed))
    log_q = log_prob(flow.estimator, y.transpose(0, 1).to(flux), flow.context(flux)).T.double()
    centre = y.mean(1, keepdim=True)
    y = centre + stretch * (y - centre)

    marginal = Marginal(MassAndDust(simulator, flow.prior, fraction))
    noise = torch.from_numpy(normal_numbers(seed, "mass and dust", posterior.keys(flux), draws, 2)).double()
    theta = marginal.inverse(y, noise, flux)
    volume = marginal.log_volume(theta.transpose(0, 1), flux).T
    log_q = log_q - len(REST) * math.log(stretch) + volume
    return theta, log_joint(simulator, flow.prior, theta, flux, fraction) - log_q
