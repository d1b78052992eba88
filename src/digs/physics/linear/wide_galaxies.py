"""Galaxies of a wide prior at all of the populations' wavelengths, delayed tau and binned histories."""

from collections.abc import Mapping
from functools import partial

import numpy as np
import torch
from torch import Tensor

from digs.physics.histories.continuity import Continuity, standard_edges
from digs.physics.histories.continuity_prior import ContinuityPrior
from digs.physics.histories.delayed_tau import DelayedTau
from digs.physics.linear.galaxy_light import GalaxyLight
from digs.physics.stored_populations import StoredPopulations

_SPREAD = 2.0  # of the binned histories, times the prior of Leja et al. (2019)


_AT_ONCE = 500  # galaxies


def wide_galaxies(
    stored: StoredPopulations,
    ranges: Mapping[str, tuple[float, float]],
    number: int,
    binned: int,
    random: torch.Generator,
) -> np.ndarray:
    """Return L_nu of one solar mass without lines, shape (number, wavelengths), the binned histories last.

    Uniform in the ranges, the age in its logarithm; the gas of every other galaxy has the metallicity of its stars.

    Args:
        stored: the populations.
        ranges: of logzsol, dust2, tage, logtau, gas_logz, gas_logu.
        number: of galaxies in all.
        binned: how many of these have the history of Leja et al. (2019), of today, twice as uneven as in their prior.
        random: source of random numbers.

    Example:
        >>> import torch
        >>> from digs.physics.linear.wide_galaxies import wide_galaxies
        >>> from digs.physics.stored_populations import stored_populations
        >>> ranges = {"logzsol": (-2, 0.3), "dust2": (0, 4), "tage": (0.01, 13.8), "logtau": (-1, 1)}
        >>> ranges |= {"gas_logz": (-1.3, 0.3), "gas_logu": (-4, -1)}
        >>> light = wide_galaxies(stored_populations(), ranges, 4, 2, torch.Generator().manual_seed(1))
        >>> len(light), bool((light > 0).all())
        (4, True)
    """

    def uniform(name: str, count: int) -> Tensor:
        low, high = ranges[name]
        return low + (high - low) * torch.rand(count, generator=random, dtype=torch.float64)

    def theta(history: Tensor) -> Tensor:
        count = len(history)
        logzsol, free = uniform("logzsol", count), uniform("gas_logz", count)
        gas_logz = torch.where(torch.arange(count) % 2 == 0, logzsol, free)
        before = torch.stack([torch.zeros(count), logzsol, uniform("dust2", count)], 1)
        return torch.cat([before, history, torch.stack([gas_logz, uniform("gas_logu", count)], 1)], 1)

    low, high = (np.log(end) for end in ranges["tage"])
    tage = torch.exp(low + (high - low) * torch.rand(number - binned, generator=random, dtype=torch.float64))
    delayed = theta(torch.stack([tage, uniform("logtau", number - binned)], 1))
    edges = standard_edges()
    bins = theta(_SPREAD * ContinuityPrior(len(edges) - 2).sample(binned, random).double())
    every = np.arange(len(stored.product["wavelength"]))
    found = []
    for history, rows in ((DelayedTau, delayed), (partial(Continuity, edges=edges), bins)):
        light = GalaxyLight(stored, every, history, free_gas=True).with_lines([])
        found += [light(part)[0].numpy() for part in rows.split(_AT_ONCE)]
    return np.concatenate(found)
