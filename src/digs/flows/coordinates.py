r"""The coordinates y that a flow works in, chosen so that little is left to learn.

The plain ones are the unbounded z of the prior (physics.prior). A spectrum's flux is proportional to the mass, so its
level (flows.features), the mean of log10 F_lambda, tells log10 M up to the mass-to-light ratio. With m the mass that an
average mass-to-light ratio gives, z_mass becomes (RelativeMass)

    y_mass = [z_mass(log10 M) - z_mass(m)] / z_mass'(m),

which is log10 M - m where the prior's ends are far, and still covers exactly the prior's range. Better still, mass and
dust are not learned at all (Marginal): with those two in closed form (flows.mass_and_dust),

    q(theta | x) = q(logzsol, tage, logtau | x) p(logmass, dust2 | logzsol, tage, logtau, x),

and the flow learns the probits of the other three in the unit cube: where a posterior is cut off by the end of the
prior, its density in the probit falls like a normal distribution's, which is what flows are made from.
"""

import math

import torch
from torch import Tensor, nn

from digs.config.theta import index
from digs.flows.mass_and_dust import MassAndDust
from digs.physics.prior import Prior

_MASS, _DUST = index("logmass"), index("dust2")


_MARGIN = 0.1  # dex that m keeps from the prior's ends, where z_mass' diverges


_EDGE = 1e-12  # of the unit cube's sides, that a point on its surface is taken to lie inside


class RelativeMass(nn.Module):
    """Coordinates y, with the mass relative to the level.

    Args:
        prior: whose box they cover.
    """

    def __init__(self, prior: Prior):
        super().__init__()
        self.low, self.high = prior.low[_MASS].item(), prior.high[_MASS].item()
        self.register_buffer("mass_to_light", torch.zeros(()))

    def fit(self, theta: Tensor, level: Tensor) -> None:
        """Take the average mass-to-light ratio from theta, shape (N, 5), and levels, shape (N, 1)."""
        self.mass_to_light.copy_((theta[:, _MASS] - level[:, 0]).mean())

    def _centre(self, level: Tensor) -> tuple[Tensor, Tensor]:
        """z_mass and its derivative at m."""
        mass = (level + self.mass_to_light).clamp(self.low + _MARGIN, self.high - _MARGIN)
        unit = (mass - self.low) / (self.high - self.low)
        return torch.logit(unit), 1 / ((self.high - self.low) * unit * (1 - unit))

    def forward(self, z: Tensor, level: Tensor) -> tuple[Tensor, Tensor]:
        """Return y and ln |dy/dz| of z, shape (..., 5), and levels, shape (..., 1)."""
        centre, slope = self._centre(level)
        mass = (z[..., _MASS : _MASS + 1] - centre) / slope
        return torch.cat([z[..., :_MASS], mass, z[..., _MASS + 1 :]], -1), -torch.log(slope[..., 0])

    def inverse(self, y: Tensor, level: Tensor) -> Tensor:
        """Return the z of y."""
        centre, slope = self._centre(level)
        mass = y[..., _MASS : _MASS + 1] * slope + centre
        return torch.cat([y[..., :_MASS], mass, y[..., _MASS + 1 :]], -1)


class Marginal(nn.Module):
    """Coordinates y of logzsol, tage and logtau, or of what else theta has, with mass and dust in closed form.

    Args:
        conditional: of mass and dust, over the prior that y covers.
    """

    def __init__(self, conditional: MassAndDust):
        super().__init__()
        self.conditional = conditional

    @property
    def prior(self) -> Prior:
        """Return the prior that theta is confined to."""
        return self.conditional.prior

    def forward(self, theta: Tensor) -> Tensor:
        """Return y, shape (..., columns - 2), float64, of theta, shape (..., columns)."""
        unit = self.prior.to_unit(theta.double())[..., self.conditional.rest]
        return torch.special.ndtri(unit.clamp(_EDGE, 1 - _EDGE))

    def log_volume(self, theta: Tensor, flux: Tensor) -> Tensor:
        """Return the log of what q(y) is multiplied by to be the density in theta, shape (..., N), float64.

        Args:
            theta: inside the prior, shape (..., N, columns).
            flux: shape (N, pixels).
        """
        y = self(theta)
        sides = (self.prior.high - self.prior.low).to(y)[self.conditional.rest]
        log_slope = (y.square() + math.log(2 * math.pi)).sum(-1) / 2 - sides.log().sum()
        repeated = flux.expand(*theta.shape[:-1], -1).flatten(0, -2)
        return log_slope + self.conditional.log_prob(theta.flatten(0, -2), repeated).reshape(theta.shape[:-1])

    def inverse(self, y: Tensor, noise: Tensor, flux: Tensor) -> Tensor:
        """Return theta, shape (N, draws, columns), float64.

        Args:
            y: shape (N, draws, columns - 2).
            noise: standard normal, for mass and dust, shape (N, draws, 2).
            flux: shape (N, pixels).
        """
        columns, rest = len(self.prior.low), self.conditional.rest
        unit = torch.zeros(*y.shape[:-1], columns, dtype=torch.float64, device=y.device)
        unit[..., rest] = torch.special.ndtr(y.double())
        ends = self.prior.low.to(unit), self.prior.high.to(unit)
        theta = self.prior.from_unit(unit).clamp(*ends).flatten(0, 1)  # as rounding may overstep the far end
        lost = theta.isnan()  # of spectra far from any: what has no answer stays nan, and does not stop the others
        theta = torch.where(lost, self.prior.from_unit(theta.new_full((columns,), 0.5)), theta)
        repeated = flux.repeat_interleave(y.shape[1], 0)
        mass, dust = self.conditional.from_noise(theta[:, rest], noise.flatten(0, 1), repeated)
        each = {place: theta[:, place] for place in rest} | {_MASS: mass, _DUST: dust}
        found = torch.stack([each[place] for place in range(columns)], 1).masked_fill(lost, torch.nan)
        return found.reshape(*y.shape[:-1], -1)
