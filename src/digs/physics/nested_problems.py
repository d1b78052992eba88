"""Problems of 1 to 6 parameters beside mass and dust, each with one more than the one before.

Khullar et al.'s (2022) problem has three: the stars' metallicity, and the age and the e-folding time of the star
formation. With fewer, time and age are those of one galaxy. The fourth and the fifth free the gas: log10 of its
ionisation parameter, and its metallicity, which else is solar. The sixth frees the stars that ionise it: a burst in the
last 10 Myr (digs.physics.histories.recent_burst), as galaxies' histories are not smooth. Without it the lines' strength
follows from age and time.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from digs.config.theta import DUST, MASS, NAMES
from digs.physics.fixed_columns import FixedColumns
from digs.physics.histories.delayed_tau import DelayedTau
from digs.physics.histories.recent_burst import RecentBurst
from digs.physics.named_prior import NamedPrior
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

FREED = ("logzsol", "tage", "logtau", "gas_logu", "gas_logz", "log_burst")  # in this order


@dataclass(frozen=True)
class Problem:
    """A simulator and the prior of its theta, so many of whose columns are neither mass nor dust."""

    free: int
    simulator: Simulator | FixedColumns
    prior: Prior


def problem(free: int, ranges: Mapping[str, tuple[float, float]], values: Mapping[str, float]) -> Problem:
    """Return the problem with so many parameters beside mass and dust.

    Args:
        free: from 1 to 6.
        ranges: of the prior, of all columns there may be, by name.
        values: of those that may be fixed.

    Example:
        >>> from digs.physics.nested_problems import problem
        >>> ranges = {"logmass": (8.0, 13.0), "logzsol": (-2.0, 0.2), "dust2": (0.1, 1.0), "tage": (0.01, 4.0)}
        >>> two = problem(2, ranges, {"logtau": -0.9})
        >>> two.simulator.names
        ('logmass', 'logzsol', 'dust2', 'tage')
    """
    theirs = {NAMES[MASS], NAMES[DUST], *FREED[:free]}
    history = RecentBurst if "log_burst" in theirs else DelayedTau
    # solar gas that is known beforehand is much faster than free gas that happens to be solar
    simulator = Simulator(gas="free" if "gas_logu" in theirs else None, history=history)
    fixed = [name for name in simulator.names if name not in theirs]
    if fixed:
        simulator = FixedColumns(simulator, {name: values[name] for name in fixed})
    return Problem(free, simulator, NamedPrior({name: ranges[name] for name in simulator.names}))
