r"""Dust and mass given the other three parameters: their posterior in closed form, so that no network has to learn it.

With s_i the fluxes of a galaxy of one solar mass and the dust d, the middle of the prior's, and v = ln M, a model flux
is m_i = s_i exp(v - (dust2 - d) k_i). (But for what the line-spread function mixes: the dust on an emission line is
that at the line. Over the prior of Khullar et al., 2022, it is 2e-3 at most.) Where the noise is a fraction f of the
model flux (exact.likelihood), the ratios r_i = x_i / m_i are all that the data say of v and dust2,

    ln L = - \sum_i ln m_i - \sum_i (r_i - 1)^2 / (2 f^2) + const.

As f is small, this is a parabola in (v, dust2) over all of the posterior: a normal distribution that the prior's ends
cut off. The skewness that is left out is about 3 f / sqrt(pixels), or 0.01. The linear model ln x_i = ln s_i + v -
(dust2 - d) k_i + noise gives the point to expand ln L at, and a Newton step from there the mean.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from digs.config.theta import DUST, MASS
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

_LN10 = math.log(10)


_FAR = 30.0  # standard deviations


def _normal_cdf(x: Tensor) -> Tensor:
    """Return the same as torch.special.ndtr, which is 0 from -8.3 down; this is right to -37."""
    return torch.special.erfc(-x / math.sqrt(2)) / 2


@dataclass(frozen=True)
class TruncatedNormal:
    """Normal distributions cut off at both ends; all of one shape, float64."""

    mean: Tensor
    std: Tensor
    low: Tensor
    high: Tensor

    def _limits(self) -> tuple[Tensor, Tensor, Tensor]:
        """Ends in standard deviations from the mean, mirrored where needed so that their middle is not above it."""
        low, high = (self.low - self.mean) / self.std, (self.high - self.mean) / self.std
        mirrored = low + high > 0
        return torch.where(mirrored, -high, low), torch.where(mirrored, -low, high), mirrored

    def log_prob(self, x: Tensor) -> Tensor:
        """Return the log density at points between the ends."""
        low, high, _ = self._limits()
        log_high = torch.special.log_ndtr(high)
        log_share = log_high + torch.log1p(-torch.exp(torch.special.log_ndtr(low) - log_high))
        z = (x - self.mean) / self.std
        return -z.square() / 2 - math.log(2 * math.pi) / 2 - self.std.log() - log_share

    def from_noise(self, noise: Tensor) -> Tensor:
        """Return draws, which increase with standard normal noise."""
        low, high, mirrored = self._limits()
        below = _normal_cdf(torch.where(mirrored, -noise, noise))
        below_low = _normal_cdf(low)
        z = torch.special.ndtri(below_low + below * (_normal_cdf(high) - below_low))
        # so far out that probabilities vanish, the density falls as exp(-z^2 / 2) does at its steepest, from the end on
        far = -torch.sqrt(high.clamp_max(-_FAR).square() - 2 * torch.log(below))
        z = torch.where(high < -_FAR, far, z)
        z = torch.where(mirrored, -z, z)
        return (self.mean + self.std * z).clamp(self.low, self.high)


@dataclass(frozen=True)
class Expansion:
    """ln L around its maximum over (v, dust2), as the normal distribution of both; each of shape (N,), float64.

    mass_slope: how the mean of v changes with dust2.
    mass_std: of v, at given dust2.
    """

    dust: Tensor
    dust_std: Tensor
    mass: Tensor
    mass_std: Tensor
    mass_slope: Tensor


class MassAndDust(nn.Module):
    """p(logmass, dust2 | logzsol, tage, logtau, flux) as a normal distribution that the prior cuts off; see the module.

    Theta may have more columns or fewer: `rest` are the places of all but mass and dust.

    Args:
        simulator: of the other parameters' spectra, and of the dust curve.
        prior: whose ranges confine both, and which says how many columns there are.
        fraction: of the noise, in units of the model flux.

    Example:
        >>> import torch, digs
        >>> from digs.config import load_params
        >>> from digs.flows import MassAndDust
        >>> from digs.physics import Prior
        >>> simulator = digs.Simulator()
        >>> conditional = MassAndDust(simulator, Prior.over(load_params().prior), fraction=0.05)
        >>> theta = torch.tensor([[10.5, -0.4, 0.6, 1.6, -0.9]])
        >>> flux = simulator(theta)
        >>> mass, dust = conditional.from_noise(theta[:, [1, 3, 4]], torch.zeros(1, 2), flux)  # their medians
        >>> round(mass.item(), 1), round(dust.item(), 1)
        (10.5, 0.6)
    """

    def __init__(self, simulator: Simulator, prior: Prior, fraction: float):
        super().__init__()
        self.simulator, self.prior, self.fraction = simulator, prior, fraction
        self.rest = [place for place in range(len(prior.low)) if place not in (MASS, DUST)]
        curve = simulator.curve
        self.register_buffer("powers", torch.stack([torch.ones_like(curve), curve, curve**2], 1), persistent=False)
        linear = torch.linalg.pinv(self.powers[:, :2].double() * torch.tensor([1.0, -1.0]))
        self.register_buffer("linear", linear.T.to(curve), persistent=False)

    def expand(self, rest: Tensor, flux: Tensor) -> Expansion:
        """Return the normal distributions of v and dust2, the prior left aside.

        Args:
            rest: all of theta but mass and dust, shape (N, columns - 2).
            flux: observed F_lambda, shape (N, pixels).
        """
        theta = rest.new_zeros(len(rest), len(self.prior.low))
        theta[:, self.rest] = rest
        low, high = self.prior.low[DUST].item(), self.prior.high[DUST].item()
        theta[:, DUST] = middle = (low + high) / 2
        curve, variance = self.simulator.curve, self.fraction**2
        log_ratio = torch.log(flux / self.simulator(theta))
        fitted = log_ratio @ self.linear
        more = fitted[:, 1].clamp(low - middle, high - middle)  # where the prior does not cut, nothing is changed
        # the mean of ln(1 + noise) is -variance / 2
        mass = fitted[:, 0] + (more - fitted[:, 1]) * curve.mean() + variance / 2

        ratio = torch.exp(torch.addcmul(log_ratio, more[:, None], curve) - mass[:, None])
        square = ratio.square()
        first = ((square - ratio) @ self.powers[:, :2] / variance).double()
        second = ((2 * square - ratio) @ self.powers / variance).double()
        pixels = flux.shape[1]
        gradient_mass, gradient_dust = first[:, 0] - pixels, self.powers[:, 1].double().sum() - first[:, 1]
        mm, md, dd = second[:, 0], -second[:, 1], second[:, 2]  # minus the second derivatives
        determinant = mm * dd - md**2
        step_mass = (dd * gradient_mass - md * gradient_dust) / determinant
        step_dust = (mm * gradient_dust - md * gradient_mass) / determinant
        return Expansion(
            dust=middle + more + step_dust,
            dust_std=(mm / determinant).sqrt(),
            mass=mass + step_mass,
            mass_std=mm.rsqrt(),
            mass_slope=-md / mm,
        )

    def _dust(self, expansion: Expansion) -> TruncatedNormal:
        return TruncatedNormal(expansion.dust, expansion.dust_std, *self._ends(DUST))

    def _mass(self, expansion: Expansion, dust: Tensor) -> TruncatedNormal:
        """Return the distribution of log10 M, given the dust."""
        mean = expansion.mass + expansion.mass_slope * (dust - expansion.dust)
        return TruncatedNormal(mean / _LN10, expansion.mass_std / _LN10, *self._ends(MASS))

    def _ends(self, place: int) -> tuple[Tensor, Tensor]:
        device = self.powers.device
        return self.prior.low[place].to(device), self.prior.high[place].to(device)

    def log_prob(self, theta: Tensor, flux: Tensor) -> Tensor:
        """Return ln p(logmass, dust2 | rest, flux) in dex and optical depth, shape (N,), float64.

        Args:
            theta: inside the prior, shape (N, 5).
            flux: observed F_lambda, shape (N, pixels).
        """
        expansion = self.expand(theta[:, self.rest].to(flux), flux)
        mass, dust = theta[:, MASS].double(), theta[:, DUST].double()
        return self._dust(expansion).log_prob(dust) + self._mass(expansion, dust).log_prob(mass)

    def from_noise(self, rest: Tensor, noise: Tensor, flux: Tensor) -> tuple[Tensor, Tensor]:
        """Return draws of logmass and of dust2, shape (N,) each, float64.

        Args:
            rest: all of theta but mass and dust, shape (N, columns - 2).
            noise: standard normal numbers, shape (N, 2).
            flux: observed F_lambda, shape (N, pixels).
        """
        expansion = self.expand(rest.to(flux), flux)
        dust = self._dust(expansion).from_noise(noise[:, 0].double())
        return self._mass(expansion, dust).from_noise(noise[:, 1].double()), dust

    def with_log_prob(self, rest: Tensor, noise: Tensor, flux: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the same draws, and ln of the density that they come with, as of log_prob, (N,).

        Args:
            rest, noise, flux: as of from_noise.
        """
        expansion = self.expand(rest.to(flux), flux)
        of_dust = self._dust(expansion)
        dust = of_dust.from_noise(noise[:, 0].double())
        of_mass = self._mass(expansion, dust)
        mass = of_mass.from_noise(noise[:, 1].double())
        return mass, dust, of_dust.log_prob(dust) + of_mass.log_prob(mass)
