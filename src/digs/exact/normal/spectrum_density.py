r"""The posterior density of theta given a spectrum, by its normal equations; the mass in closed form.

Given the other columns of theta, ln L is a parabola in the mass M, and the prior is uniform in log10 M. So

    \int L d log10 M = e^{peak} \int e^{-(M - mean)^2 / (2 std^2)} dM / (M ln 10)

which is a normal integral but for 1 / M. So it is taken by Gauss-Legendre quadrature in ln M, where the parabola is not
REACH^2 / 2 below its highest value inside the prior.
"""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from digs.base.errors import DigsError
from digs.exact.normal.normal_equations import MassTerms, NormalEquations
from digs.physics.linear.spectrum_coefficients import SpectrumCoefficients
from digs.physics.linear.wide_prior import WidePrior

DISPERSION = "logdispersion"  # the last column of theta, where it is one


REACH = 8.0  # standard deviations of the mass


_NODES = 48  # of the quadrature


_AT_ONCE = 2048  # points, to bound memory


_LN10 = float(np.log(10.0))


class SpectrumDensity:
    """ln L + ln prior over theta.

    Args:
        equations: of the spectrum.
        coefficients: of any lines.
        prior: its columns are those of the coefficients and, where the equations have several dispersions,
            "logdispersion".
    Raises:
        DigsError: the columns are others.

    Example:
        >>> import numpy as np, torch
        >>> from digs.exact.normal import NormalEquations, Nuisances, SpectrumDensity
        >>> from digs.exact.normal.moments import CoefficientMoments
        >>> from digs.physics.instrument import Instrument
        >>> from digs.physics.linear import LinearModel, SpectrumCoefficients, WidePrior
        >>> coefficients = SpectrumCoefficients()
        >>> model = LinearModel.of(Instrument(np.geomspace(3900, 6800, 1200), sigma_kms=150.0), redshift=0.08)
        >>> theta = torch.tensor([[10.0, -0.3, 0.5, 3.0, 0.4, -2.5], [10.0, 0.2, 0.5, 3.0, 0.4, -2.5]])
        >>> flux = model.flux(coefficients.with_lines(model.lines), theta[:1])[0].numpy()
        >>> equations = NormalEquations.of(flux, flux / 20, model, CoefficientMoments.of(coefficients), Nuisances())
        >>> density = SpectrumDensity(equations, coefficients, WidePrior(coefficients.names, redshift=0.08))
        >>> right, wrong = density(theta)
        >>> bool(right > wrong + 10)
        True
    """

    def __init__(self, equations: NormalEquations, coefficients: SpectrumCoefficients, prior: WidePrior):
        names = coefficients.names + ((DISPERSION,) if len(equations.square) > 1 else ())
        if prior.names != names:
            raise DigsError(f"The prior has the columns {', '.join(prior.names)}; the model has {', '.join(names)}.")
        self.equations, self.prior, self.names = equations, prior, names
        self._coefficients = coefficients.with_lines(equations.lines)
        self._logmass = prior.low[0].item(), prior.high[0].item()

    def __call__(self, theta: Tensor) -> Tensor:
        """Return ln L + ln prior, shape (N,), float64; -inf outside the prior, where nothing is computed.

        Args:
            theta: shape (N, columns), with the columns `names`.
        """
        theta = theta.double()
        log_prob = self.prior.log_prob(theta)
        inside = torch.isfinite(log_prob).nonzero()[:, 0]
        log_prob[inside] += self.mass_terms(theta[inside]).log_likelihood(theta[inside, 0])
        return log_prob

    def mass_terms(self, theta: Tensor) -> MassTerms:
        """Return the likelihood as a function of the mass, given the other columns of theta, inside the prior."""
        theta, columns = theta.double(), len(self._coefficients.names)
        parts = []
        for rows in theta.split(_AT_ONCE):
            width = rows[:, columns] if rows.shape[1] > columns else None
            amounts = self._coefficients(rows[:, :columns])
            parts.append(self.equations.mass_terms(amounts, self._logmass, width))
        return MassTerms(*(torch.cat([getattr(part, name) for part in parts]) for name in ("mean", "std", "peak")))

    def without_mass(self, theta: Tensor) -> Tensor:
        """Return ln of the density integrated over the mass, shape (N,); -inf outside the prior.

        Args:
            theta: shape (N, columns); the mass does not count.
        """
        theta = theta.double().clone()
        theta[:, 0] = self._logmass[0]
        log_prob = self.prior.log_prob(theta)
        inside = torch.isfinite(log_prob).nonzero()[:, 0]
        log_prob[inside] += integral_over_logmass(self.mass_terms(theta[inside]), *self._logmass)
        return log_prob


@lru_cache(maxsize=1)
def _quadrature() -> tuple[Tensor, Tensor]:
    return tuple(torch.from_numpy(part) for part in np.polynomial.legendre.leggauss(_NODES))


def integral_over_logmass(terms: MassTerms, low: float, high: float) -> Tensor:
    """Return ln of the integral of L over log10 of the mass between two ends, shape (N,)."""
    low, high = 10.0**low, 10.0**high
    nearest = terms.mean.clamp(low, high)  # the likeliest mass, from which L falls
    reach = torch.sqrt((nearest - terms.mean) ** 2 + (REACH * terms.std) ** 2)
    start, stop = (terms.mean - reach).clamp(low, high), (terms.mean + reach).clamp(low, high)
    # where the errors are large, the masses near 0 have a long way in ln M for themselves
    between = torch.minimum(torch.maximum(torch.maximum(terms.mean, terms.std) / 2, start), stop)
    node, weight = _quadrature()
    parts = []
    for left, right in ((start, between), (between, stop)):
        half, middle = torch.log(right / left)[:, None] / 2, torch.log(right * left)[:, None] / 2
        mass = torch.exp(middle + half * node)
        exponent = -(((mass - terms.mean[:, None]) / terms.std[:, None]) ** 2) / 2
        parts.append(exponent + torch.log(weight * half / _LN10))
    return terms.peak + torch.logsumexp(torch.cat(parts, 1), 1)
