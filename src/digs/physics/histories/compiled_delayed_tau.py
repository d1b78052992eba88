"""The amounts of components in delayed-tau galaxies by compiled code, one galaxy at a time, in 32-bit floats.

The formulas are those of digs.physics.histories.delayed_tau. What a galaxy gets depends on it alone, to the bit; also
whether it is a sum of SSPs, or of mixtures of the young ones and of the older SSPs.
"""

from typing import NamedTuple

import numpy as np

from digs.base.compilation import compiled_strictly
from digs.base.elementary import exp2, fma, log2, power_of_ten
from digs.physics.histories.delayed_tau import CUT_SPAN, SERIES_DOMAIN, DelayedTau, growth_with_tau

_F4 = np.float32


_ZERO, _ONE = _F4(0), _F4(1)


_LOG2E = 1 / np.log(2)


_LOW, _HIGH = SERIES_DOMAIN


_growth = compiled_strictly(growth_with_tau)


class HistoryTables(NamedTuple):
    """The constants of a DelayedTau, as arrays; shapes as there."""

    young: int
    age: np.ndarray
    start: np.ndarray
    log_width: np.ndarray  # log2 of the age of each node over that of the one before, above 0
    mass: np.ndarray
    series: np.ndarray  # in double precision
    hats_a: np.ndarray  # modes by components
    hats_b: np.ndarray
    hat_end: np.ndarray
    rises: np.ndarray
    node: np.ndarray
    node_weight: np.ndarray

    @classmethod
    def of(cls, history: DelayedTau) -> "HistoryTables":
        """Return the tables of a history in single precision."""
        arrays = {name: buffer.numpy() for name, buffer in history.named_buffers()}
        a, b = np.ascontiguousarray(arrays["hats"])
        width = np.ones_like(arrays["age"])
        width[1:] = np.log2(arrays["age"][1:].astype(float) / arrays["age"][:-1])
        return cls(
            young=history.young,
            log_width=width,
            series=arrays["series"].astype(float),
            hats_a=a,
            hats_b=b,
            node=arrays["node"][:, 0].copy(),
            **{
                name: arrays[name] for name in ("age", "start", "mass", "hat_end", "rises", "node_weight")
            },
        )

    @property
    def modes(self) -> int:
        """Return how many modes there are."""
        return self.series.shape[1]


@compiled_strictly
def _fill_modes(logtau, tau, series, sums, modes):
    """The modes of a galaxy, from a Chebyshev series by its recurrence in double precision."""
    x = 2 * (logtau - _LOW) / (_HIGH - _LOW) - 1
    before, polynomial = x, 1.0
    sums[:] = 0.0
    for degree in range(len(series)):
        for mode in range(len(sums)):
            sums[mode] = fma(polynomial, series[degree, mode], sums[mode])
        before, polynomial = polynomial, 2 * x * polynomial - before
    scale = _growth(tau)
    for mode in range(len(sums)):
        modes[mode] = _F4(sums[mode] * scale)


@compiled_strictly
def _fill_whole_hats(tage, decline, modes, hats_a, hats_b, hat_end, first, a, b, amounts):
    """Amounts of as many components from the first on, 0 where their hats do not end before the galaxy's age."""
    count = len(amounts)
    a[:], b[:] = _ZERO, _ZERO
    for mode in range(len(modes)):
        factor, of_a, of_b = modes[mode], hats_a[mode, first : first + count], hats_b[mode, first : first + count]
        for c in range(count):
            a[c] = fma(factor, of_a[c], a[c])
            b[c] = fma(factor, of_b[c], b[c])
    ends = hat_end[first : first + count]
    for c in range(count):
        after = tage - ends[c]
        amount = fma(after, a[c], b[c]) * exp2(after * decline)
        amounts[c] = amount if after > _ZERO else _ZERO


@compiled_strictly
def _cut_hats(tage, tau, decline, modes, tables, upper):
    """Amounts of the two nodes around the age of a galaxy, the younger first."""
    after = tage - tables.start[upper]
    span = min(after, _F4(CUT_SPAN) * tau)
    lower_age = tables.age[max(upper - 1, 0)]
    whole, older = _ZERO, _ZERO
    for place in range(len(tables.node)):
        delay = tables.node[place] * span
        rate = exp2(delay * decline) * delay * tables.node_weight[place]
        whole += rate
        older += rate * log2((tage - delay) / lower_age)
    if upper == 0:
        return whole * span, _ZERO
    older = older * span / tables.log_width[upper]
    a, b = _ZERO, _ZERO
    rises = tables.rises[upper - 1]
    for mode in range(rises.shape[1]):
        a = fma(modes[mode], rises[0, mode], a)
        b = fma(modes[mode], rises[1, mode], b)
    return whole * span - older + exp2(after * decline) * fma(after, a, b), older


@compiled_strictly
def fill_amounts(tage, logtau, tables, sums, modes, amounts):
    """Fill in the amounts of components in a galaxy, and return the first component, their number, and the mass formed.

    Args:
        tage, logtau: 32-bit floats.
        tables: HistoryTables.
        sums, modes: as many as there are modes, of 64 and of 32 bits.
        amounts: three rows of components, of which the first is what is asked for, and 0 beyond the number.
    """
    log_tau = np.float64(logtau)
    tau = power_of_ten(log_tau)
    decline = _F4(-_LOG2E / tau)
    _fill_modes(log_tau, tau, tables.series, sums, modes)
    upper = min(np.searchsorted(tables.age, tage), len(tables.age) - 1)
    first, shift = 0, 0
    if upper > tables.young:
        first = len(tables.age)
        shift = len(tables.mass) - 2 * first
    count = shift + upper + 1
    found = amounts[0]
    found[:] = _ZERO
    _fill_whole_hats(
        tage,
        decline,
        modes,
        tables.hats_a,
        tables.hats_b,
        tables.hat_end,
        first,
        amounts[1],
        amounts[2],
        found[:count],
    )
    younger, older = _cut_hats(tage, _F4(tau), decline, modes, tables, upper)
    found[max(shift + upper - 1, 0)] += younger
    found[shift + upper] += older
    mass = 0.0
    for c in range(count):
        mass = fma(np.float64(found[c]), np.float64(tables.mass[first + c]), mass)
    return first, count, mass
