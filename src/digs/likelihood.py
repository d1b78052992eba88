r"""The likelihood of a spectrum, and with the prior its posterior density.

Gaussian and independent between pixels (Khullar et al. 2022, sec. 3.4),

    ln L = - \sum_i ln(sqrt(2 pi) sigma_i) - \sum_i (x_i - m_i(theta))^2 / (2 sigma_i^2).

The noise that the flow is trained on has sigma_i = fraction m_i(theta), so that ln sigma_i depends on theta and stays
in. With sigma="data", sigma_i = fraction x_i is fixed, as where one is handed a spectrum with error bars.
"""

import math
from typing import Literal

import torch
from torch import Tensor

from digs.priors import Prior
from digs.simulator import Simulator

Sigma = Literal["model", "data"]


def log_likelihood(flux: Tensor, model: Tensor, fraction: float, sigma: Sigma = "model") -> Tensor:
    """ln L of spectra, shape (...), float64.

    Args:
        flux, model: observed and model F_lambda, broadcastable to (..., pixels).
        fraction: standard deviation of the noise in units of the flux that `sigma` names.
    """
    error = fraction * (model if sigma == "model" else flux.expand_as(model))
    pull = (flux - model) / error
    return -(pull.square() / 2 + torch.log(error) + math.log(2 * math.pi) / 2).sum(-1, dtype=torch.float64)


class PosteriorDensity:
    """ln L(theta) + ln prior(theta) for one observed spectrum, over batches of theta.

    Args:
        flux: observed F_lambda, shape (pixels,).
        fraction, sigma: as log_likelihood.
    """

    def __init__(self, simulator: Simulator, prior: Prior, flux: Tensor, fraction: float, sigma: Sigma = "model"):
        self.simulator, self.prior, self.fraction, self.sigma = simulator, prior, fraction, sigma
        self.flux = torch.as_tensor(flux).to(simulator.grid)

    @torch.no_grad()
    def __call__(self, theta: Tensor) -> Tensor:
        """Shape (N,), float64, of theta, shape (N, 5); -inf outside the prior, where nothing is simulated."""
        log_prob = self.prior.log_prob(theta.double())
        inside = torch.isfinite(log_prob)
        if inside.any():
            model = self.simulator(theta[inside])
            log_prob[inside] += log_likelihood(self.flux, model, self.fraction, self.sigma)
        return log_prob
