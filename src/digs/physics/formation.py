r"""How delayed-tau galaxies formed: masses, star formation rates and ages, in closed form.

Stars form at the rate t e^{-t/tau} from t = 0 to the galaxy's age T. With x = t / tau, what forms between a and b is

    G(a, b) = \int_a^b x e^{-x} dx = e^{-a} [ -(1 + a) expm1(a - b) - (b - a) e^{a - b} ]

which loses no digits where b - a is small or a large. The mass formed is 10^logmass = A tau^2 G(0, T/tau). A fraction
q of all stars there will be has formed at the x of (1 + x) e^{-x} = 1 - q, the branch W_{-1} of Lambert's function;
x - ln(1 + x) is convex there, so that Newton's iteration from above always converges.
"""

import torch
from torch import Tensor

from digs.config.theta import index
from digs.physics.stored_populations import StoredPopulations

YEARS = 1e9  # in a Gyr


_RECENT = {"sfr_10": 0.01, "sfr_100": 0.1}  # Gyr, over which star formation rates are averaged


_FORMED = {"t50": 0.5, "t90": 0.9}


_SMALL = 0.03  # x below which the mean age is a series


_STEPS = 40  # of Newton's iteration; a few do, except where nearly all stars have formed


def formed_between(a: Tensor, b: Tensor) -> Tensor:
    """Return G(a, b), for 0 <= a <= b."""
    step = b - a
    return torch.exp(-a) * (-(1 + a) * torch.expm1(-step) - step * torch.exp(-step))


def formed_by(fraction: float, x: Tensor) -> Tensor:
    """Return the time in units of tau by which a fraction of what forms until x has formed."""
    q = fraction * formed_between(torch.zeros_like(x), x)
    rest = torch.log1p(-q)
    with torch.no_grad():
        root = torch.sqrt(2 * q)
        u = torch.maximum(root + root**2, 1 - rest + torch.log(1 - rest))  # above the solution
        u = torch.minimum(u, x)
        for _ in range(_STEPS):
            u = torch.clamp(u - _newton_step(u, rest), min=0.5 * root)
    return u - _newton_step(u, rest)  # once more, for the gradients


def _newton_step(u: Tensor, rest: Tensor) -> Tensor:
    """Of u - ln(1 + u) + ln(1 - q), whose slope is u / (1 + u)."""
    return (u - torch.log1p(u) + rest) * (1 + u) / u


def mean_time(x: Tensor) -> Tensor:
    """Return the mean time, in units of tau, at which what forms until x forms."""
    formed = formed_between(torch.zeros_like(x), x)
    series = x**3 * (1 / 3 - x * (1 / 4 - x * (1 / 10 - x * (1 / 36 - x / 168))))
    return torch.where(x < _SMALL, series, 2 * formed - x**2 * torch.exp(-x)) / formed


def formation_quantities(theta: Tensor, populations: StoredPopulations) -> dict[str, Tensor]:
    """Return the masses, rates and ages of digs.physics.derived by name, each of shape (N,), in double precision.

    Args:
        theta: ordered and in units as digs.PARAMETERS, shape (N, 5) or with more columns.
        populations: whose stars lose mass.
    """
    theta = theta.double()
    logmass, logzsol, tage, logtau = (theta[:, index(name)] for name in ("logmass", "logzsol", "tage", "logtau"))
    mass, tau = 10.0**logmass, 10.0**logtau
    x = tage / tau
    formed = formed_between(torch.zeros_like(x), x)
    found = {"surviving_mass": mass * surviving_fraction(logzsol, tage, logtau, populations)}
    found["sfr"] = mass * x * torch.exp(-x) / (tau * formed) / YEARS
    for name, span in _RECENT.items():
        start = torch.clamp(tage - span, min=0.0) / tau
        found[name] = mass * formed_between(start, x) / formed / (span * YEARS)
    found["ssfr"] = found["sfr"] / found["surviving_mass"]
    found["age"] = tage - tau * mean_time(x)
    for name, fraction in _FORMED.items():
        found[name] = tage - tau * formed_by(fraction, x)
    return found


def surviving_fraction(logzsol: Tensor, tage: Tensor, logtau: Tensor, populations: StoredPopulations) -> Tensor:
    """Return how much of the mass formed is still there, in stars and remnants, shape (N,)."""
    if not len(tage):
        return torch.zeros_like(tage)
    fractions = populations.weights(tage, logtau)
    nodes, each = (torch.as_tensor(populations.product[name]) for name in ("logzsol", "surviving_mass"))
    lower = (torch.searchsorted(nodes, logzsol.detach().contiguous()) - 1).clamp(0, len(nodes) - 2)
    share = ((logzsol - nodes[lower]) / (nodes[lower + 1] - nodes[lower]))[:, None]
    by_age = torch.lerp(each[lower], each[lower + 1], share)[:, : fractions.shape[1]]
    return (fractions * by_age).sum(1)
