r"""The delayed-tau history: how much of each simple stellar population (SSP) such a galaxy holds.

A galaxy of age T formed stars at lookback time s at the rate (T - s) exp(-(T - s) / tau), and FSPS interpolates SSP
spectra linearly in log age between its nodes t_m. The galaxy is then a weighted sum of the nodes' spectra. The weight
of node m is the integral of the rate times a hat function h(s), which rises from 0 at t_{m-1} to 1 at t_m and falls
to 0 at t_{m+1}. If all of the hat is younger than the galaxy, if t_{m+1} < T, that is with u = t_{m+1}

    \int (T - s) e^{-(T - s)/tau} h(s) ds = e^{-(T - u)/tau} [ (T - u) A(tau) + B(tau) ]
    A(tau) = \int h(s) e^{-(u - s)/tau} ds
    B(tau) = \int h(s) (u - s) e^{-(u - s)/tau} ds

A and B depend on tau alone. As Chebyshev series in log tau they are a matrix, coefficients by integrals, of which a
few singular vectors hold all that single precision can tell. All terms are positive, so nothing cancels. Of the last
hat that begins to fall before T, only the rising side is whole, with its own A and B up to u = t_m. The interval that
T cuts is integrated by Gauss-Legendre quadrature. Stars younger than the first node have its spectrum. The weights
are divided by their sum, which is the mass formed.

All hats that end before some node's age v can share u = v, with A and B carried there from their own ends,

    A(tau) -> e^{-(v - u)/tau} A(tau),    B(tau) -> e^{-(v - u)/tau} [ B(tau) + (v - u) A(tau) ]

For the youngest hats, v far below tau, these are so smooth in tau that a handful of modes holds all of them. Unless a
galaxy is younger than v, it is a sum of the mixtures of young SSPs that these modes stand for and of the older SSPs:
fewer components than SSPs.
"""

import math

import numpy as np
import torch
from numpy.polynomial import chebyshev
from torch import Tensor, nn

LOGTAU_DOMAIN = (-1.5, 1.5)  # log10 of tau in Gyr


_LEAST_AGE = 1e-4  # Gyr, of a galaxy


SERIES_DOMAIN = (-1.6, 1.6)  # wider, as the gradient of a Chebyshev series is 0/0 at its ends


_DEGREE = 39  # of the Chebyshev series


_RANK = 16  # of their matrix


_FULL_NODES = 64  # quadrature behind the series, done once


_CUT_NODES = 10  # quadrature of the cut interval, done for every galaxy


CUT_SPAN = 20.0  # in units of tau: of what formed later, 4e-8 is left out


_LOG2E = math.log2(math.e)  # exp2 is faster than exp


_YOUNG = 0.0095  # Gyr: hats that end before this are taken together


_YOUNG_RANK = 6  # of their matrix


_NEVER = 1e6  # Gyr since a hat that T cuts or that lies beyond T: exp(-_NEVER / tau) is 0


def _hat_integrals(age: np.ndarray, tau: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A and B of every node's hat and of the hat's rising side, each of shape (tau, 2, nodes)."""
    edges = np.concatenate([[0.0], age])
    x, weight = np.polynomial.legendre.leggauss(_FULL_NODES)
    start, stop = edges[:-1, None], edges[1:, None]
    s = start + (stop - start) * (x + 1) / 2
    up = np.ones_like(s)  # below the first node there is only that node
    up[1:] = np.log(s[1:] / start[1:]) / np.log(stop[1:] / start[1:])
    rate = np.exp(-(stop - s) / tau[:, None, None]) * (stop - start) * weight / 2
    rise, fall = (np.stack([part.sum(-1), (part * (stop - s)).sum(-1)], 1) for part in (rate * up, rate * (1 - up)))
    hat = np.zeros_like(rise)  # that of the last node never ends
    hat[..., :-1] = _later(rise[..., :-1], np.diff(age), tau) + fall[..., 1:]
    return hat, rise


def _later(integrals: np.ndarray, wait: np.ndarray, tau: np.ndarray) -> np.ndarray:
    """A and B up to an age u that is higher by the wait in Gyr."""
    a, b = integrals.swapaxes(0, 1)
    return np.stack([a, b + wait * a], 1) * np.exp(-wait / tau[:, None])[:, None]


def growth_with_tau(tau: np.ndarray | Tensor) -> np.ndarray | Tensor:
    """How A and B grow with tau, in Gyr, for wide hats: without it the small ones would drown in rounding."""
    return tau / (1 + tau)


def _modes(integrals: np.ndarray, points: np.ndarray, rank: int) -> tuple[np.ndarray, np.ndarray]:
    """Two factors of integrals, shape (points, 2, m): coefficients by modes, and A and B by modes by m."""
    scale = integrals.max(0)
    scale[scale == 0] = 1.0
    series = chebyshev.chebfit(points, (integrals / scale).reshape(len(points), -1), _DEGREE)
    left, strength, right = np.linalg.svd(series, full_matrices=False)
    return left[:, :rank] * strength[:rank], (right[:rank].reshape(-1, *scale.shape) * scale).swapaxes(0, 1)


class DelayedTau(nn.Module):
    """The weights of the SSPs in delayed-tau galaxies, as FSPS integrates them (csp_gen, sfh=4); see the module.

    It is a StarFormationHistory (digs.physics.histories.history).

    Args:
        age: the SSPs' ages in Gyr, ascending, shape (n,).
        dtype: of the arithmetic.

    Example:
        >>> import numpy as np, torch
        >>> from digs.physics.histories import DelayedTau
        >>> weights = DelayedTau(np.geomspace(1e-4, 14, 50))
        >>> fractions = weights(torch.tensor([1.0, 4.0]), torch.tensor([-0.5, 0.3]))
        >>> len(fractions), fractions.sum(1).round(decimals=4).tolist()
        (2, [1.0, 1.0])
    """

    names = ("tage", "logtau")

    def __init__(self, age: np.ndarray, dtype: torch.dtype = torch.float32):
        super().__init__()
        self.domain = {"tage": (_LEAST_AGE, age[-1]), "logtau": LOGTAU_DOMAIN}
        low, high = SERIES_DOMAIN
        points = chebyshev.chebpts1(2 * (_DEGREE + 1))
        tau = 10 ** (low + (high - low) * (points + 1) / 2)
        growth = growth_with_tau(tau)[:, None, None]
        hat, rise = _hat_integrals(age, tau)
        self.young = young = max(1, int(np.searchsorted(age, _YOUNG)) - 1)
        together = _later(hat[..., :young], age[young] - age[1 : young + 1], tau)
        series, hats = _modes(np.concatenate([hat, rise], -1) / growth, points, _RANK)
        young_series, young_hats = _modes(together / growth, points, _YOUNG_RANK)
        hats, rises = np.split(hats, 2, axis=-1)
        # components: the SSPs, one mixture of young SSPs for each mode's A and for its B, and once more the older SSPs
        each, modes = np.eye(len(age)), np.eye(2 * _YOUNG_RANK).reshape(2, _YOUNG_RANK, -1)
        mixtures = young_hats.reshape(-1, young) @ each[:young]
        hats = np.concatenate([hats, np.zeros((2, _RANK, 2 * _YOUNG_RANK)), hats[..., young:]], -1)
        modes = np.pad(modes, ((0, 0), (0, 0), (len(age), len(age) - young)))
        hat_end = np.append(age[1:], np.inf)
        components = np.concatenate([each, mixtures, each[young:]])
        x, weight = np.polynomial.legendre.leggauss(_CUT_NODES)
        constants = {
            "age": age,
            "start": np.append(0.0, age[:-1]),
            "series": np.concatenate([series, young_series], 1),
            "components": components,  # mixed from SSPs
            "mass": components.sum(1),
            "hats": np.concatenate([hats, modes], 1),  # A and B by modes by components
            "hat_end": np.concatenate([hat_end, np.full(2 * _YOUNG_RANK, age[young]), hat_end[young:]]),
            "rises": rises.transpose(2, 0, 1),  # nodes by A and B by modes, as each galaxy needs one node's
            "node": ((x + 1) / 2)[:, None],
            "node_weight": weight / 2,
        }
        for name, value in constants.items():
            self.register_buffer(name, torch.as_tensor(value, dtype=dtype).contiguous(), persistent=False)

    def forward(self, tage: Tensor, logtau: Tensor) -> Tensor:
        """Return the mass fractions of the SSPs, shape (N, m), which sum to 1 over m.

        m is as many SSPs, from the youngest on, as the oldest galaxy needs.

        Args:
            tage: age of the galaxies in Gyr, shape (N,), between 0 and the last SSP's age; N at least 1.
            logtau: log10 of the e-folding time in Gyr, shape (N,), inside LOGTAU_DOMAIN.
        """
        amounts, which = self.amounts(tage, logtau)
        amounts = amounts / (amounts @ self.mass[which])[:, None]
        components = self.components[which]
        oldest = int(components[-1].argmax())  # the last component is an SSP
        return amounts @ components[:, : oldest + 1]

    def amounts(self, tage: Tensor, logtau: Tensor) -> tuple[Tensor, slice]:
        """Return the amounts of components instead of SSPs, shape (N, m), and which components those are: a slice.

        The mass formed is amounts @ mass[slice], up to a factor that depends on tau: what forward divides by.

        Args:
            tage: as of forward.
            logtau: as of forward.
        """
        tage, tau = tage.clamp_max(self.age[-1]).contiguous(), 10.0**logtau  # rounding may put it beyond the last SSP
        low, high = SERIES_DOMAIN
        modes = self._chebyshev(2 * (logtau - low) / (high - low) - 1) @ self.series * growth_with_tau(tau)[:, None]
        upper = torch.searchsorted(self.age, tage.detach()).clamp_max_(len(self.age) - 1)
        youngest, oldest = torch.stack(upper.aminmax()).tolist()
        first, shift = (len(self.age), 2 * _YOUNG_RANK - self.young) if youngest > self.young else (0, 0)
        which = slice(first, first + shift + oldest + 1)
        amounts = self._whole_hats(tage, tau, modes, which)
        around, parts = self._cut_hats(tage, tau, modes[:, :_RANK], upper)
        amounts.scatter_add_(1, around + shift, parts)
        return amounts, which

    def _whole_hats(self, tage: Tensor, tau: Tensor, modes: Tensor, which: slice) -> Tensor:
        """Amounts of the components whose hats end before T, and 0 for the others."""
        a, b = (modes @ part for part in self.hats[..., which])
        after = nn.functional.threshold_(tage[:, None] - self.hat_end[which], 0.0, _NEVER)
        decay = torch.exp2(after * (-_LOG2E / tau)[:, None])
        return torch.addcmul(b, after, a).mul_(decay)

    def _cut_hats(self, tage: Tensor, tau: Tensor, modes: Tensor, upper: Tensor) -> tuple[Tensor, Tensor]:
        """Indices of the two nodes around T and their weights, both of shape (N, 2)."""
        lower = (upper - 1).clamp_min_(0)
        after, decline = tage - self.start[upper], -_LOG2E / tau
        a_rise, b_rise = (self.rises[lower] * modes[:, None]).sum(2).unbind(1)
        rise = torch.where(upper > 0, torch.exp2(after * decline) * torch.addcmul(b_rise, after, a_rise), 0.0)
        span = torch.minimum(after, CUT_SPAN * tau)
        delay = self.node * span
        rate = torch.exp2(delay * decline) * delay
        log_width = torch.log(self.age[upper] / self.age[lower]).clamp_min_(1e-6)
        fraction = torch.where(upper > 0, torch.log((tage - delay) / self.age[lower]) / log_width, 0.0)
        whole, older = (self.node_weight @ part * span for part in (rate, rate * fraction))
        return torch.stack([lower, upper], 1), torch.stack([whole - older + rise, older], 1)

    @staticmethod
    def _chebyshev(x: Tensor) -> Tensor:
        """T_0 to T_degree of x, shape (N, degree + 1)."""
        degree = torch.arange(_DEGREE + 1, dtype=x.dtype, device=x.device)
        return torch.cos(degree[:, None] * torch.acos(x.clamp(-1, 1))).T
