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

from digs.config.theta import MASS
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.physics.spectra import level_and_shape

Sigma = Literal["model", "data"]


_AT_ONCE = 20_000  # spectra, to bound memory


def log_likelihood(flux: Tensor, model: Tensor, fraction: float, sigma: Sigma = "model") -> Tensor:
    """Return ln L of spectra, shape (...), float64 (Khullar et al. 2022, section 3.4; see the module).

    Args:
        flux: observed F_lambda, which broadcasts with model to (..., pixels).
        model: F_lambda of the model, in the unit of flux.
        fraction: standard deviation of the noise in units of the flux that `sigma` names.
        sigma: "model" or "data".

    Example:
        >>> import torch
        >>> from digs.exact import log_likelihood
        >>> model = torch.tensor([[1.0, 2.0, 3.0], [1.0, 2.0, 4.0]])
        >>> log_prob = log_likelihood(torch.tensor([1.0, 2.0, 3.0]), model, fraction=0.05)
        >>> log_prob.shape, bool(log_prob[0] > log_prob[1])
        (torch.Size([2]), True)
    """
    error = fraction * (model if sigma == "model" else flux.expand_as(model))
    pull = (flux - model) / error
    return -(pull.square() / 2 + torch.log(error) + math.log(2 * math.pi) / 2).sum(-1, dtype=torch.float64)


class PosteriorDensity:
    """ln L(theta) + ln prior(theta) for observed spectra, over batches of theta.

    Args:
        simulator: of the model spectra.
        prior: of theta.
        flux: observed F_lambda, shape (pixels,), or (galaxies, pixels).
        fraction: as of log_likelihood.
        sigma: as of log_likelihood.

    Example:
        >>> import torch, digs
        >>> from digs.config import load_params
        >>> from digs.exact import PosteriorDensity
        >>> from digs.physics import Prior
        >>> theta = torch.tensor([[10.5, -0.4, 0.6, 1.6, -0.9], [10.5, -0.4, 0.7, 1.6, -0.9]])
        >>> simulator = digs.Simulator()
        >>> density = PosteriorDensity(simulator, Prior.over(load_params().prior), simulator(theta[:1]), fraction=0.05)
        >>> right, too_dusty = density(theta)
        >>> bool(right > too_dusty)
        True
    """

    def __init__(self, simulator: Simulator, prior: Prior, flux: Tensor, fraction: float, sigma: Sigma = "model"):
        self.simulator, self.prior, self.fraction, self.sigma = simulator, prior, fraction, sigma
        self.flux = torch.atleast_2d(torch.as_tensor(flux)).to(simulator.curve)

    @torch.no_grad()
    def __call__(self, theta: Tensor) -> Tensor:
        """Return ln L + ln prior, shape (N,), float64; -inf outside the prior, where nothing is simulated.

        Args:
            theta: shape (N, 5); of several galaxies, equal blocks of rows, one a galaxy.
        """
        log_prob = self.prior.log_prob(theta.double())
        inside = torch.isfinite(log_prob).nonzero()[:, 0]
        for rows in inside.split(_AT_ONCE) if len(inside) else ():
            flux = self.flux[self.galaxy(rows, len(theta))]
            log_prob[rows] += log_likelihood(flux, self.simulator(theta[rows]), self.fraction, self.sigma)
        return log_prob

    def galaxy(self, rows: Tensor, points: int) -> Tensor:
        """Return which galaxy each of these rows, out of so many points in equal blocks, belongs to."""
        return torch.div(rows, max(1, points // len(self.flux)), rounding_mode="floor")


class RelativeDensity:
    """The same density in coordinates phi that walkers find easier: the mass relative to the one that fits best.

    phi is theta with logmass less that of the model whose level (physics.spectra) is the data's. Given the other
    parameters the data fix the mass to fractions of a percent: in theta the posterior is a thin curved sheet, in phi it
    is flat. The Jacobian is 1.

    Args:
        density: of one or more galaxies, with the noise of the model.

    Example:
        >>> import torch, digs
        >>> from digs.config import load_params
        >>> from digs.exact import PosteriorDensity, RelativeDensity
        >>> from digs.physics import Prior
        >>> theta = torch.tensor([[10.5, -0.4, 0.6, 1.6, -0.9]])
        >>> simulator = digs.Simulator()
        >>> density = PosteriorDensity(simulator, Prior.over(load_params().prior), simulator(theta), fraction=0.05)
        >>> relative = RelativeDensity(density)
        >>> phi = relative.phi(theta)
        >>> bool(abs(phi[0, 0]) < 1e-4), torch.allclose(relative(phi), density(theta), atol=0.01)
        (True, True)
    """

    def __init__(self, density: PosteriorDensity):
        self.density = density
        self.level = self._level(density.flux)

    def _level(self, spectra: Tensor) -> Tensor:
        return level_and_shape(spectra)[0][:, 0].double()

    def _log_likelihood(self, model: Tensor, logmass: Tensor, galaxy: Tensor) -> Tensor:
        """Return ln L of galaxies by spectra of one solar mass, which are lost."""
        model *= 10 ** logmass.to(model)[:, None]
        return log_likelihood(self.density.flux[galaxy], model, self.density.fraction, self.density.sigma)

    def _model(self, phi: Tensor, galaxy: Tensor) -> tuple[Tensor, Tensor]:
        """Return spectra of one solar mass, and the masses of theta."""
        rest = phi.clone()
        rest[:, MASS] = 0.0
        model = self.density.simulator(rest)
        return model, phi[:, MASS] + self.level[galaxy] - self._level(model)

    @torch.no_grad()
    def theta(self, phi: Tensor) -> Tensor:
        """Return the theta of phi, shape (N, 5), float64.

        Args:
            phi: inside the prior, shape (N, 5); of several galaxies, equal blocks of rows, one a galaxy.
        """
        theta = phi.double().clone()
        for rows in torch.arange(len(phi)).split(_AT_ONCE):
            theta[rows, MASS] = self._model(theta[rows], self.density.galaxy(rows, len(phi)))[1]
        return theta

    @torch.no_grad()
    def phi(self, theta: Tensor) -> Tensor:
        """Return the phi of theta, shape (N, 5), float64: the inverse of the method theta."""
        phi = theta.double().clone()
        phi[:, MASS] = 2 * phi[:, MASS] - self.theta(phi)[:, MASS]
        return phi

    @torch.no_grad()
    def __call__(self, phi: Tensor) -> Tensor:
        """Return ln L + ln prior, shape (N,), float64; -inf outside the prior.

        Args:
            phi: shape (N, 5); of several galaxies, equal blocks of rows, one a galaxy.
        """
        density, prior = self.density, self.density.prior
        log_prob = torch.full((len(phi),), -torch.inf, dtype=torch.float64)
        middle = phi.double().clone()
        middle[:, MASS] = prior.low[MASS]
        inside = prior.contains(middle).nonzero()[:, 0]
        for rows in inside.split(_AT_ONCE) if len(inside) else ():
            galaxy = density.galaxy(rows, len(phi))
            model, logmass = self._model(phi[rows].double(), galaxy)
            theta = phi[rows].double()
            theta[:, MASS] = logmass
            log_prob[rows] = prior.log_prob(theta) + self._log_likelihood(model, logmass, galaxy)
        return log_prob


def log_joint(simulator: Simulator, prior: Prior, draws: Tensor, flux: Tensor, fraction: float) -> Tensor:
    """Return ln L(theta) + ln prior(theta), shape (N, draws), float64.

    Args:
        draws: theta, shape (N, draws, 5).
        flux: observed F_lambda, shape (N, pixels).
        fraction: of the noise, in units of the model flux.
    """
    return PosteriorDensity(simulator, prior, flux, fraction)(draws.flatten(0, 1)).reshape(draws.shape[:2])
