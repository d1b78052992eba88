"""The posterior density of one galaxy in all parameters but mass and dust, whose closed form leaves little to chance.

At each point mass and dust are drawn from their closed form p (digs.flows.mass_and_dust), and the density is
L prior / p: its mean over these draws is the marginal density, so that weights of it are weights of draws in all
parameters. As the closed form is nearly exact, the density hardly depends on the draws.
"""

import numpy as np
import torch

from digs.config.theta import DUST, MASS
from digs.exact.likelihood import PosteriorDensity
from digs.flows.mass_and_dust import MassAndDust

_AT_ONCE = 20_000  # points, to bound memory


class MarginalDensity:
    """ln of L prior / p at points of the parameters that are not in closed form.

    Args:
        density: of one galaxy, with the noise of the model.
        conditional: p, of the same simulator, prior and noise.
        random: of mass and dust.

    Example:
        >>> import numpy as np, torch, digs
        >>> from digs.config import load_params
        >>> from digs.exact import PosteriorDensity
        >>> from digs.exact.marginal_density import MarginalDensity
        >>> from digs.flows import MassAndDust
        >>> from digs.physics import Prior
        >>> simulator, prior = digs.Simulator(), Prior.over(load_params().prior)
        >>> flux = simulator([[10.5, -0.4, 0.6, 1.6, -0.9]])
        >>> density = PosteriorDensity(simulator, prior, flux, fraction=0.05)
        >>> marginal = MarginalDensity(density, MassAndDust(simulator, prior, 0.05), np.random.default_rng(1))
        >>> right, too_old = marginal(np.array([[-0.4, 1.6, -0.9], [-0.4, 2.6, -0.9]]))
        >>> bool(right > too_old)
        True
    """

    def __init__(self, density: PosteriorDensity, conditional: MassAndDust, random: np.random.Generator):
        self._density, self._conditional, self._random = density, conditional, random
        self.calls = 0

    @property
    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the ends of the prior's box of these parameters, (d,) each."""
        prior, rest = self._density.prior, self._conditional.rest
        return prior.low[rest].numpy(), prior.high[rest].numpy()

    @torch.no_grad()
    def __call__(self, rest: np.ndarray) -> np.ndarray:
        """Return the density at points inside the prior, (N, d), shape (N,)."""
        self.calls += len(rest)
        return np.concatenate([self._of_some(some) for some in np.split(rest, range(_AT_ONCE, len(rest), _AT_ONCE))])

    def _of_some(self, rest: np.ndarray) -> np.ndarray:
        points = torch.as_tensor(rest, dtype=torch.float64)
        noise = torch.as_tensor(self._random.standard_normal((len(rest), 2)))
        flux = self._density.flux.expand(len(rest), -1)
        theta = torch.empty(len(rest), points.shape[1] + 2, dtype=torch.float64)
        theta[:, self._conditional.rest] = points
        theta[:, MASS], theta[:, DUST], log_p = self._conditional.with_log_prob(points, noise, flux)
        return (self._density(theta) - log_p).numpy()
