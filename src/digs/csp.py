r"""Composite stellar populations: how much of each simple stellar population (SSP) a delayed-tau galaxy holds.

A galaxy of age T formed stars at lookback time s at the rate (T - s) exp(-(T - s) / tau), and FSPS interpolates
SSP spectra linearly in log age between its nodes t_m. The galaxy is then a weighted sum of the nodes' spectra, and
each age interval [t_m, t_{m+1}] adds to the weights of its two ends, with hat functions h(s),

    \int (T - s) e^{-(T - s)/tau} h(s) ds = e^{-(T - t_{m+1})/tau} [ (T - t_{m+1}) A(tau) + B(tau) ]
    A(tau) = \int h(s) e^{-(t_{m+1} - s)/tau} ds
    B(tau) = \int h(s) (t_{m+1} - s) e^{-(t_{m+1} - s)/tau} ds

whenever T > t_{m+1}. A and B depend on tau alone. As Chebyshev series in log tau they are a matrix, coefficients by
integrals, of which a few singular vectors hold all that single precision can tell. All terms are positive, so nothing
cancels. The one interval that T cuts is integrated by Gauss-Legendre quadrature. Stars younger than the first node have
its spectrum. The weights are divided by their sum, which is the mass formed.
"""

import numpy as np
import torch
from numpy.polynomial import chebyshev
from torch import Tensor, nn

LOGTAU_DOMAIN = (-1.5, 1.5)  # log10 of tau in Gyr
_SERIES_DOMAIN = (-1.6, 1.6)  # wider, as the gradient of a Chebyshev series is 0/0 at its ends
_DEGREE = 39  # of the Chebyshev series
_RANK = 16  # of their matrix
_FULL_NODES = 64  # quadrature behind the series, done once
_CUT_NODES = 10  # quadrature of the cut interval, done for every galaxy
_CUT_SPAN = 20.0  # in units of tau: of what formed later, 4e-8 is left out


def _interval_integrals(age: np.ndarray, tau: np.ndarray) -> np.ndarray:
    """A and B for the younger and the older end of every interval, shape (tau, 4, intervals)."""
    edges = np.concatenate([[0.0], age])
    x, weight = np.polynomial.legendre.leggauss(_FULL_NODES)
    start, stop = edges[:-1, None], edges[1:, None]
    s = start + (stop - start) * (x + 1) / 2
    ds = (stop - start) * weight / 2
    older = np.ones_like(s)  # below the first node there is only that node
    older[1:] = np.log(s[1:] / start[1:]) / np.log(stop[1:] / start[1:])
    decay = np.exp(-(stop - s) / tau[:, None, None])
    a_older, a_younger = (decay * older * ds).sum(-1), (decay * (1 - older) * ds).sum(-1)
    delay = (stop - s) * ds
    b_older, b_younger = (decay * older * delay).sum(-1), (decay * (1 - older) * delay).sum(-1)
    return np.stack([a_younger, a_older, b_younger, b_older], axis=1)


def _growth(tau: np.ndarray | Tensor) -> np.ndarray | Tensor:
    """How A and B grow with tau, in Gyr, for wide intervals: without it the small ones would drown in rounding."""
    return tau / (1 + tau)


class CSPWeights(nn.Module):
    """Weights of the SSPs in delayed-tau galaxies.

    Args:
        age: the SSPs' ages in Gyr, ascending, shape (n,).
    """

    def __init__(self, age: np.ndarray, dtype: torch.dtype = torch.float32):
        super().__init__()
        low, high = _SERIES_DOMAIN
        points = chebyshev.chebpts1(2 * (_DEGREE + 1))
        tau = 10 ** (low + (high - low) * (points + 1) / 2)
        integrals = _interval_integrals(age, tau) / _growth(tau)[:, None, None]
        scale = integrals.max(0)
        scale[scale == 0] = 1.0
        series = chebyshev.chebfit(points, (integrals / scale).reshape(len(points), -1), _DEGREE)
        left, strength, right = np.linalg.svd(series, full_matrices=False)
        x, weight = np.polynomial.legendre.leggauss(_CUT_NODES)
        constants = {
            "age": age,
            "series": left[:, :_RANK] * strength[:_RANK],
            "integrals": (right[:_RANK].reshape(_RANK, 4, len(age)) * scale).swapaxes(0, 1),
            "node": (x + 1) / 2,
            "node_weight": weight / 2,
        }
        for name, value in constants.items():
            self.register_buffer(name, torch.as_tensor(value, dtype=dtype), persistent=False)

    def forward(self, tage: Tensor, logtau: Tensor) -> Tensor:
        """Mass fractions of the SSPs, shape (N, m), summing to 1 over m, as many SSPs as the oldest galaxy needs.

        Args:
            tage: age of the galaxies in Gyr, shape (N,), between 0 and the last SSP's age; N at least 1.
            logtau: log10 of the e-folding time in Gyr, shape (N,), inside LOGTAU_DOMAIN.
        """
        tage, tau = tage.contiguous()[:, None], 10.0 ** logtau[:, None]
        upper = torch.searchsorted(self.age, tage.detach()).clamp_max(len(self.age) - 1)
        weights = self._whole_intervals(tage, tau, logtau, int(upper.max()) + 1)
        weights = weights.scatter_add(1, *self._cut_interval(tage, tau, upper))
        return weights / weights.sum(1, keepdim=True)

    def _whole_intervals(self, tage: Tensor, tau: Tensor, logtau: Tensor, ages: int) -> Tensor:
        low, high = _SERIES_DOMAIN
        modes = self._chebyshev(2 * (logtau - low) / (high - low) - 1) @ self.series * _growth(tau)
        a_younger, a_older, b_younger, b_older = modes @ self.integrals[..., :ages]
        after = tage - self.age[:ages]
        decay = torch.exp((after * (-1 / tau)).masked_fill(after <= 0, -torch.inf))
        delayed = decay * after
        younger = torch.addcmul(delayed * a_younger, decay, b_younger)
        older = torch.addcmul(delayed * a_older, decay, b_older)
        # interval m ends at node m: its older end is m, its younger end m - 1
        return older + nn.functional.pad(younger[:, 1:], (0, 1))

    def _cut_interval(self, tage: Tensor, tau: Tensor, upper: Tensor) -> tuple[Tensor, Tensor]:
        """Indices of the two nodes around T and what the interval between the younger one and T adds to them."""
        lower = (upper - 1).clamp_min(0)
        start = torch.where(upper > 0, self.age[lower], 0.0)
        span = torch.minimum(tage - start, _CUT_SPAN * tau)
        delay = span * self.node
        s = tage - delay
        rate = delay * torch.exp(-delay / tau) * self.node_weight * span
        log_width = torch.log(self.age[upper] / self.age[lower])
        fraction = torch.where(upper > 0, torch.log(s / self.age[lower]) / log_width.clamp_min(1e-6), 0.0)
        older = (rate * fraction).sum(1, keepdim=True)
        whole = rate.sum(1, keepdim=True)
        return torch.cat([lower, upper], 1), torch.cat([whole - older, older], 1)

    @staticmethod
    def _chebyshev(x: Tensor) -> Tensor:
        """T_0 to T_degree of x, shape (N, degree + 1)."""
        degree = torch.arange(_DEGREE + 1, dtype=x.dtype, device=x.device)
        return torch.cos(degree * torch.acos(x.clamp(-1, 1))[:, None])
