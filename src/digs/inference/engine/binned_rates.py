"""What follows from a binned history: masses, star formation rates and ages."""

from collections.abc import Sequence

import numpy as np
import torch

from digs.inference.engine.model_prior import RATIO
from digs.physics.formation import YEARS
from digs.physics.histories.continuity import Continuity
from digs.physics.stored_populations import stored_populations

_HALF, _MOST = 0.5, 0.9  # of the mass formed


def bin_masses(draws: np.ndarray, names: Sequence[str], edges: np.ndarray) -> np.ndarray:
    """Return the masses formed in the bins in solar masses, the youngest first, shape (N, bins).

    Args:
        draws: of theta, shape (N, columns).
        names: of its columns.
        edges: of the bins in Gyr, shape (bins + 1,).
    """
    ratios = draws[:, [place for place, name in enumerate(names) if name.startswith(RATIO)]]
    log_rate = np.concatenate([np.zeros((len(draws), 1)), -np.cumsum(ratios, 1)], 1)  # relative to the youngest
    mass = 10 ** (log_rate - log_rate.max(1, keepdims=True)) * np.diff(edges)
    return 10 ** draws[:, [list(names).index("logmass")]] * mass / mass.sum(1, keepdims=True)


def binned_rates(draws: np.ndarray, names: Sequence[str], edges: np.ndarray, lookback: np.ndarray) -> np.ndarray:
    """Return star formation rates in solar masses a year at lookback times in Gyr, shape (N, times).

    Args:
        draws, names, edges: as of bin_masses.
        lookback: shape (times,).
    """
    rates = bin_masses(draws, names, edges) / (np.diff(edges) * YEARS)
    return rates[:, (np.searchsorted(edges, lookback, side="right") - 1).clip(0, len(edges) - 2)]


def binned_quantities(draws: np.ndarray, names: Sequence[str], edges: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Return surviving_mass, sfr_100, ssfr, age, t50 and t90, as of digs.physics.derived, shape (N, draws) each.

    Args:
        draws: shape (N, draws, columns); nan where there is no posterior.
        names: of the columns.
        edges: of each galaxy's bins in Gyr.

    Example:
        >>> import numpy as np
        >>> from digs.inference.engine.binned_rates import binned_quantities
        >>> names = ["logmass", "logzsol", "logsfr_ratio_1"]
        >>> found = binned_quantities(np.array([[[10.0, 0.0, 0.0]]]), names, [np.array([0.0, 1.0, 2.0])])
        >>> found["t50"].round(3).tolist(), found["sfr_100"].round(3).tolist()
        ([[1.0]], [[5.0]])
    """
    wanted = ("surviving_mass", "sfr_100", "ssfr", "age", "t50", "t90")
    found = {name: np.full(draws.shape[:2], np.nan) for name in wanted}
    for row, (own, ends) in enumerate(zip(draws, edges, strict=True)):
        if not np.isfinite(own).all():
            continue
        mass = bin_masses(own, names, ends)
        total = mass.sum(1)
        surviving = total * _surviving(own, names, mass / total[:, None], ends)
        recent = np.clip(0.1 - ends[:-1], 0, np.diff(ends)) / np.diff(ends)  # share of each bin in the last 100 Myr
        rate = mass @ recent / (0.1 * YEARS)
        found["surviving_mass"][row], found["sfr_100"][row], found["ssfr"][row] = surviving, rate, rate / surviving
        found["age"][row] = mass @ ((ends[1:] + ends[:-1]) / 2) / total
        since = np.concatenate([np.zeros((len(mass), 1)), mass.cumsum(1)], 1) / total[:, None]  # formed since
        for name, share in (("t50", _HALF), ("t90", _MOST)):
            found[name][row] = [np.interp(1 - share, one, ends) for one in since]
    return found


def _surviving(draws: np.ndarray, names: Sequence[str], share: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The share of the mass formed that lives or is a remnant, shape (N,)."""
    stored = stored_populations()
    history = Continuity(stored.product["age"].copy(), torch.float64, edges=edges)
    components = history.components.numpy()
    left = components @ stored.product["surviving_mass"].T.astype(float)  # (bins, metallicities)
    logzsol = draws[:, list(names).index("logzsol")]
    nodes = stored.product["logzsol"]
    lower = (np.searchsorted(nodes, logzsol) - 1).clip(0, len(nodes) - 2)
    part = ((logzsol - nodes[lower]) / (nodes[lower + 1] - nodes[lower]))[:, None]
    of_bins = left.T[lower] * (1 - part) + left.T[lower + 1] * part
    return (share * of_bins).sum(1)
