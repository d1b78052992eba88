"""Best fits: the theta inside the prior whose spectrum has the smallest chi-squared, for many galaxies at once.

The noise is a fraction f of the model flux m, so that the pulls are r_i = (x_i / m_i - 1) / f, and chi-squared is their
sum of squares. A Levenberg-Marquardt iteration (Marquardt 1963) runs for all galaxies side by side; parameters at an
end of the prior that chi-squared would push further out are held there. Derivatives are taken over wide and narrow
steps in turn: the simulator interpolates linearly in metallicity, and the wide ones see over the kinks at its nodes.
"""

from dataclasses import dataclass

import torch
from scipy import stats
from torch import Tensor

from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

_AT_ONCE = 2000  # galaxies, to bound memory


_DAMPING, _LOWER, _RAISE = 1e-2, 0.2, 5.0


_MOST_DAMPING = 1e8


_SETTLED = 1e-3  # of chi-squared


_STEPS = (3e-2, 3e-3)  # of finite differences, in units of a prior range


def pulls(flux: Tensor, model: Tensor, fraction: float) -> Tensor:
    """Return residuals in units of the noise, float64, of spectra and models that broadcast to (..., pixels)."""
    return (flux.double() / model.double() - 1) / fraction


@dataclass(frozen=True)
class BestFit:
    """theta, shape (N, 5); pulls of its spectra, (N, pixels); chi_squared, (N,). All float64."""

    theta: Tensor
    pulls: Tensor
    chi_squared: Tensor


class _Fit:
    """Galaxies whose fits walk side by side."""

    def __init__(self, simulator: Simulator, prior: Prior, flux: Tensor, fraction: float):
        self.simulator, self.prior, self.flux, self.fraction = simulator, prior, flux, fraction
        self.low, self.high = prior.low, prior.high

    def pulls(self, theta: Tensor, rows: Tensor) -> Tensor:
        return pulls(self.flux[rows], self.simulator(theta), self.fraction)

    def slopes(self, theta: Tensor, step: float) -> Tensor:
        """Of ln flux by theta in units of the prior's ranges, by differences inside the prior, shape (N, pixels, 5)."""
        width = self.high - self.low
        away = step * torch.stack([torch.diag(width), -torch.diag(width)])
        ends = (theta + away[:, :, None]).clamp(self.low, self.high)  # 2 by 5 by N by 5
        log_flux = self.simulator(ends.flatten(0, 2)).double().log().reshape(*ends.shape[:3], -1)
        gap = ((ends[0] - ends[1]) / width).diagonal(dim1=0, dim2=2)  # N by 5
        return (log_flux[0] - log_flux[1]).permute(1, 2, 0) / gap[:, None]

    def steps(self, theta: Tensor, pull: Tensor, damping: Tensor, step: float) -> Tensor:
        """Damped Gauss-Newton steps, shape (N, 5), from theta with these pulls."""
        width = self.high - self.low
        slope = -(pull + 1 / self.fraction)[..., None] * self.slopes(theta, step)  # of the pulls
        gradient = torch.einsum("npi,np->ni", slope, pull)
        curvature = slope.mT @ slope
        outwards = ((theta <= self.low) & (gradient > 0)) | ((theta >= self.high) & (gradient < 0))
        free = (~outwards).double()
        damped = curvature + torch.diag_embed(damping[:, None] * (curvature.diagonal(dim1=1, dim2=2) + 1))
        damped = damped * free[:, :, None] * free[:, None, :] + torch.diag_embed(1 - free)
        return -torch.linalg.solve(damped, gradient * free) * width

    def run(self, theta: Tensor, iterations: int) -> BestFit:
        theta = theta.double().clamp(self.low, self.high)
        rows = torch.arange(len(theta))
        pull = self.pulls(theta, rows)
        chi = pull.square().sum(1)
        damping = torch.full_like(chi, _DAMPING)
        for iteration in range(iterations):
            if not len(rows):
                break
            step = self.steps(theta[rows], pull[rows], damping[rows], _STEPS[iteration % len(_STEPS)])
            tried = (theta[rows] + step).clamp(self.low, self.high)
            tried_pull = self.pulls(tried, rows)
            tried_chi = tried_pull.square().sum(1)
            gain = chi[rows] - tried_chi
            better = gain > 0
            won = rows[better]
            theta[won], pull[won], chi[won] = tried[better], tried_pull[better], tried_chi[better]
            damping[rows] *= torch.tensor([_RAISE, _LOWER], dtype=torch.float32)[better.long()]
            going = (gain < 0) | (gain > _SETTLED) | (iteration % len(_STEPS) == 0)
            rows = rows[going & (damping[rows] < _MOST_DAMPING)]
        return BestFit(theta, pull, chi)


@torch.no_grad()
def best_fit(
    simulator: Simulator, prior: Prior, flux: Tensor, fraction: float, start: Tensor, iterations: int = 30
) -> BestFit:
    """Find the best fits of the exact model.

    Args:
        flux: observed F_lambda, shape (N, pixels).
        fraction: of the noise, in units of the model flux.
        start: some theta to start from, shape (N, starts, 5); the best end is kept.
        iterations: at most.
    """
    starts, parts = start.shape[1], []
    for some_flux, some_start in zip(flux.split(_AT_ONCE), start.split(_AT_ONCE), strict=True):
        fit = _Fit(simulator, prior, some_flux.repeat_interleave(starts, 0), fraction)
        found = fit.run(some_start.flatten(0, 1), iterations)
        best = found.chi_squared.reshape(-1, starts).argmin(1) + starts * torch.arange(len(some_flux))
        parts.append((found.theta[best], found.pulls[best], found.chi_squared[best]))
    return BestFit(*(torch.cat(part) for part in zip(*parts, strict=True)))


def two_sided(chi_squared: Tensor, freedom: float) -> Tensor:
    """Return the probability of a chi-squared that is as improbable on its own side, float64.

    Too small a chi-squared says that the noise is not what one takes it for, just as too large a one does.
    """
    values = chi_squared.numpy()
    tail = torch.minimum(*(torch.as_tensor(f(values, freedom)) for f in (stats.chi2.cdf, stats.chi2.sf)))
    return (2 * tail).clamp_max(1.0)
