r"""The continuity history: a constant star formation rate in each bin of lookback time (Leja et al. 2019, ApJ 876, 3).

Of a solar mass that formed at a constant rate between lookback times a and b, the simple stellar population (SSP) of
age t_m has \int_a^b h_m(s) ds / (b - a), where the hat h_m rises from 0 at t_{m-1} to 1 at t_m and falls to 0 at
t_{m+1}, linearly in log age, as FSPS interpolates. Between two neighbouring SSPs, and x <= s <= y,

    \int_x^y \ln(s / t_m) ds = (y - x) [ \ln(x / t_m) + (1 + 1/d) \ln(1 + d) - 1 ],    d = (y - x) / x

Stars younger than the first SSP have its spectrum. These weights do not depend on theta: a galaxy is a sum of as many
components as there are bins.

Theta has the log10 of the ratio of each bin's rate to that of the next older one, as Prospector does (its
logsfr_ratios). The masses of the bins are rates times widths, divided by their sum.
"""

import math
from typing import Any

import numpy as np
import torch
from astropy.cosmology import WMAP9
from torch import Tensor, nn

from digs.base.errors import DigsError
from digs.base.inputs import read_tensor, real_number, whole_number

BINS = 7  # of Leja et al. (2019)


_RECENT = (0.0, 0.03, 0.1)  # Gyr, the edges of their youngest two bins


_OLDEST = 0.85  # of the age of the universe, where their oldest bin begins


_LN10 = math.log(10.0)


_MOST = 1e4  # dex: a rate so much above its neighbour is all there is


def standard_edges(redshift: float = 0.0, bins: int = BINS) -> np.ndarray:
    """Return the edges of Leja et al. (2019) in Gyr of lookback time, shape (bins + 1,).

    The youngest bins have 0 to 30 and 30 to 100 Myr, the oldest the first 15% of the universe's age (WMAP9); those
    between are equally wide in log time.

    Args:
        redshift: of the galaxy.
        bins: how many, 4 or more.
    Raises:
        DigsError: the redshift is negative or so high that 100 Myr are in the oldest bin; there are fewer bins.

    Example:
        >>> from digs.physics.histories import standard_edges
        >>> standard_edges(0.0).round(2).tolist()
        [0.0, 0.03, 0.1, 0.33, 1.08, 3.56, 11.7, 13.77]
    """
    redshift = real_number(redshift, "The redshift", 0.0)
    bins = whole_number(bins, "The number of bins", 4)
    universe = WMAP9.age(redshift).to_value("Gyr")
    if not _OLDEST * universe > _RECENT[-1]:
        raise DigsError(
            f"At redshift {redshift:g} the universe is {1000 * universe:.0f} Myr old, too young for the bins of Leja "
            "et al. (2019); give edges of your own."
        )
    between = np.geomspace(_RECENT[-1], _OLDEST * universe, bins - len(_RECENT) + 1)
    return np.concatenate([_RECENT, between[1:], [universe]])


class Continuity(nn.Module):
    """The masses that form in bins of lookback time at a constant rate each; see the module.

    It is a StarFormationHistory (digs.physics.histories.history). Its columns of theta, logsfr_ratio_1 and so on from
    the youngest bin to the oldest but one, are log10 of a bin's rate over that of the next older bin. They may have any
    values: of bins with a negligible rate nothing is left.

    Args:
        age: the SSPs' ages in Gyr, ascending, shape (n,).
        dtype: of the arithmetic.
        edges: of the bins, in Gyr of lookback time, ascending, up to the last SSP's age at most. By default
            standard_edges(): today's; a galaxy at a redshift wants standard_edges(redshift).
    Raises:
        DigsError: the edges are not finite or do not ascend, are fewer than three, or lie outside 0 and the last SSP's
            age.

    Example:
        >>> import numpy as np, torch
        >>> from digs.physics.histories import Continuity
        >>> history = Continuity(np.geomspace(1e-4, 14, 100), torch.float64, edges=[0, 0.1, 1, 10])
        >>> masses, _ = history.amounts(torch.tensor([0.0, 1.0]), torch.tensor([0.0, 0.0]))
        >>> history.names, masses.round(decimals=3).tolist()
        (('logsfr_ratio_1', 'logsfr_ratio_2'), [[0.01, 0.09, 0.9], [0.092, 0.083, 0.826]])
    """

    def __init__(self, age: np.ndarray, dtype: torch.dtype = torch.float32, edges: Any = None):
        super().__init__()
        self.edges = _read_edges(standard_edges() if edges is None else edges, age[-1])
        self.names = tuple(f"logsfr_ratio_{number}" for number in range(1, len(self.edges) - 1))
        self.domain: dict[str, tuple[float, float]] = {}
        components = bin_weights(age, self.edges)
        constants = {
            "components": components,
            "mass": np.ones(len(components)),
            "log_width": np.log(np.diff(self.edges)),
        }
        for name, value in constants.items():
            self.register_buffer(name, torch.as_tensor(value, dtype=dtype), persistent=False)

    def amounts(self, *ratios: Tensor) -> tuple[Tensor, slice]:
        """Return the shares of the bins in the mass formed, shape (N, bins), and that those are all components.

        Args:
            ratios: log10 of each bin's rate over that of the next older one, each of shape (N,).
        """
        steps = torch.stack(ratios, 1).clamp(-_MOST, _MOST)
        log_rate = -_LN10 * nn.functional.pad(steps.cumsum(1), (1, 0))  # relative to the youngest bin's
        return torch.softmax(log_rate + self.log_width, 1), slice(0, len(self.mass))


def bin_weights(age: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the mass fractions of SSPs in what formed at a constant rate between edges, shape (bins, n).

    Args:
        age: of the SSPs, ascending, shape (n,).
        edges: of the bins, ascending, from 0 to the last age at most, shape (bins + 1,).
    """
    start, stop = edges[:-1, None], edges[1:, None]
    left, right = age[:-1], age[1:]
    low, high = start.clip(left, right), stop.clip(left, right)
    length = high - low
    step = length / low
    beyond = np.divide((1 + step) * np.log1p(step) - step, step, out=np.zeros_like(step), where=step > 0)
    older = length * (np.log(low / left) + beyond) / np.log(right / left)
    weights = np.zeros((len(edges) - 1, len(age)))
    weights[:, 0] = (stop.clip(max=age[0]) - start.clip(max=age[0]))[:, 0]
    weights[:, :-1] += length - older
    weights[:, 1:] += older
    return weights / (stop - start)


def _read_edges(given: Any, oldest: float) -> np.ndarray:
    edges = read_tensor(given, "The edges of the bins").detach().cpu().double().numpy()
    if edges.ndim != 1 or len(edges) < 3:
        raise DigsError(f"The edges of the bins have shape {edges.shape}; give a list of three or more: two bins.")
    bad = ~np.isfinite(edges)
    if bad.any():
        raise DigsError(f"The edges of the bins hold {edges[bad][0]:g}; give finite numbers, in Gyr.")
    step = np.diff(edges)
    if (step <= 0).any():
        place = int(np.argmax(step <= 0))
        how = "repeat" if step[place] == 0 else "descend"
        raise DigsError(f"The edges of the bins {how} after {edges[place]:g} Gyr; sort them, each once.")
    if edges[0] < 0 or edges[-1] > oldest:
        raise DigsError(
            f"The edges of the bins run from {edges[0]:g} to {edges[-1]:g} Gyr; the populations have ages from 0 to "
            f"{oldest:g} Gyr, so keep them in these."
        )
    return edges
