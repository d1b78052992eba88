r"""The coordinates that a flow works in: unbounded, and with the mass relative to what the spectrum's level says.

z are the unbounded coordinates of the prior (digs.priors). A spectrum's flux is proportional to the mass, so its level
(digs.features), the mean of log10 F_lambda, tells log10 M up to the mass-to-light ratio. With m the mass that an
average mass-to-light ratio gives, z_mass becomes

    y_mass = [z_mass(log10 M) - z_mass(m)] / z_mass'(m),

which is log10 M - m where the prior's ends are far, and still covers exactly the prior's range.
"""

import torch
from torch import Tensor, nn

from digs.priors import Prior, index

_MASS = index("logmass")
_MARGIN = 0.1  # dex that m keeps from the prior's ends, where z_mass' diverges


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
        """y and ln |dy/dz|, of z, shape (..., 5), and levels, shape (..., 1)."""
        centre, slope = self._centre(level)
        mass = (z[..., _MASS : _MASS + 1] - centre) / slope
        return torch.cat([z[..., :_MASS], mass, z[..., _MASS + 1 :]], -1), -torch.log(slope[..., 0])

    def inverse(self, y: Tensor, level: Tensor) -> Tensor:
        """z of y."""
        centre, slope = self._centre(level)
        mass = y[..., _MASS : _MASS + 1] * slope + centre
        return torch.cat([y[..., :_MASS], mass, y[..., _MASS + 1 :]], -1)
