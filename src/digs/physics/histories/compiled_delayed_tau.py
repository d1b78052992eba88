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


_ZERO = _F4(0)


FOUR = 4  # of what is added, at once, to touch the sum less often


WIDTH = 32  # numbers that are several vectors, without a remainder


_LOG2E = 1 / np.log(2)


_LEAST = _F4(-64)  # the power of 2 below which hats are left out: no stars are so bright; small numbers take long


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
    hats_a: np.ndarray  # modes by components; the last of either are 0, to fill up fours and widths
    hats_b: np.ndarray
    hat_end: np.ndarray
    rises: np.ndarray
    node: np.ndarray
    node_weight: np.ndarray

    @classmethod
    def of(cls, history: DelayedTau) -> "HistoryTables":
        """Return the tables of a history in single precision."""
        arrays = {name: buffer.numpy() for name, buffer in history.named_buffers()}
        hats = arrays["hats"]
        a, b = np.pad(hats, [(0, 0), (0, -hats.shape[1] % FOUR), (0, WIDTH)])
        width = np.ones_like(arrays["age"])
        width[1:] = np.log2(arrays["age"][1:].astype(float) / arrays["age"][:-1])
        return cls(
            young=history.young,
            log_width=width,
            series=arrays["series"].astype(float),
            hats_a=a,
            hats_b=b,
            hat_end=np.pad(arrays["hat_end"], (0, WIDTH), constant_values=np.inf),
            node=arrays["node"][:, 0].copy(),
            **{name: arrays[name] for name in ("age", "start", "mass", "rises", "node_weight")},
        )

    @property
    def modes(self) -> int:
        """Return how many modes there are."""
        return self.series.shape[1]


@compiled_strictly
def _fill_modes(logtau, series, modes, tau):
    """The modes of galaxies, from Chebyshev series by their recurrence in double precision, and tau."""
    sums = np.empty(series.shape[1])
    for row in range(len(logtau)):
        log_tau = np.float64(logtau[row])
        tau[row] = power_of_ten(log_tau)
        x = 2 * (log_tau - _LOW) / (_HIGH - _LOW) - 1
        before, polynomial = x, 1.0
        sums[:] = 0.0
        for degree in range(len(series)):
            for mode in range(len(sums)):
                sums[mode] = fma(polynomial, series[degree, mode], sums[mode])
            before, polynomial = polynomial, 2 * x * polynomial - before
        scale = _growth(tau[row])
        for mode in range(len(sums)):
            modes[row, mode] = _F4(sums[mode] * scale)


@compiled_strictly
def _add_four(factor, parts, place, start, number, total):
    """Add four of some parts to a sum, each times its factor, from an element on."""
    f0, f1, f2, f3 = factor[place], factor[place + 1], factor[place + 2], factor[place + 3]
    for k in range(number):
        late = fma(f2, parts[place + 2, start + k], fma(f3, parts[place + 3, start + k], total[k]))
        total[k] = fma(f0, parts[place, start + k], fma(f1, parts[place + 1, start + k], late))


@compiled_strictly
def _fill_whole_hats(tage, decline, modes, hats_a, hats_b, hat_end, first, count, amounts):
    """Amounts of components from the first on, 0 where their hats do not end before the galaxy's age."""
    a, b = np.empty_like(hat_end), np.empty_like(hat_end)
    for row in range(len(tage)):
        start, age, rate = first[row], tage[row], decline[row]
        number = (count[row] + WIDTH - 1) // WIDTH * WIDTH
        a[:], b[:] = _ZERO, _ZERO
        for mode in range(0, len(hats_a), FOUR):
            _add_four(modes[row], hats_a, mode, start, number, a)
            _add_four(modes[row], hats_b, mode, start, number, b)
        for c in range(number):
            after = age - hat_end[start + c]
            exponent = after * rate
            amount = fma(after, a[c], b[c]) * exp2(exponent)
            amounts[row, c] = amount if after > _ZERO and exponent > _LEAST else _ZERO
        amounts[row, number:] = _ZERO


@compiled_strictly
def _add_cut_hats(tage, tau, decline, modes, tables, upper, count, amounts):
    """Add the amounts of the two nodes around the age of each galaxy."""
    for row in range(len(tage)):
        node = upper[row]
        after = tage[row] - tables.start[node]
        span = min(after, _F4(CUT_SPAN) * _F4(tau[row]))
        lower_age = tables.age[max(node - 1, 0)]
        whole, older = _ZERO, _ZERO
        for place in range(len(tables.node)):
            delay = tables.node[place] * span
            rate = exp2(delay * decline[row]) * delay * tables.node_weight[place]
            whole += rate
            older += rate * log2((tage[row] - delay) / lower_age)
        whole, older = whole * span, older * span / tables.log_width[node]
        last = count[row] - 1
        if node == 0:  # below the first node there is only that node
            amounts[row, last] += whole
            continue
        a, b = _ZERO, _ZERO
        for mode in range(tables.rises.shape[2]):
            a = fma(modes[row, mode], tables.rises[node - 1, 0, mode], a)
            b = fma(modes[row, mode], tables.rises[node - 1, 1, mode], b)
        amounts[row, last - 1] += whole - older + exp2(after * decline[row]) * fma(after, a, b)
        amounts[row, last] += older


@compiled_strictly
def fill_amounts(tage, logtau, tables, first, count, mass, amounts):
    """Fill in the amounts of components in galaxies, 0 beyond their number.

    Args:
        tage, logtau: 32-bit floats, shape (N,).
        tables: HistoryTables.
        first: for the first component of each galaxy that counts, (N,).
        count: for how many there are from it on, (N,).
        mass: for that which has formed, (N,), 64 bits.
        amounts: (N, n), n as many as hat_end.
    """
    number = len(tage)
    upper = np.empty_like(first)
    for row in range(number):
        upper[row] = min(np.searchsorted(tables.age, tage[row]), len(tables.age) - 1)
        mixed = upper[row] > tables.young
        first[row] = len(tables.age) if mixed else 0
        count[row] = upper[row] + 1 + (len(tables.mass) - 2 * len(tables.age) if mixed else 0)
    modes, tau = np.zeros((number, len(tables.hats_a)), dtype=np.float32), np.empty(number)
    _fill_modes(logtau, tables.series, modes, tau)
    decline = (-_LOG2E / tau).astype(np.float32)
    _fill_whole_hats(tage, decline, modes, tables.hats_a, tables.hats_b, tables.hat_end, first, count, amounts)
    _add_cut_hats(tage, tau, decline, modes, tables, upper, count, amounts)
    for row in range(number):
        mass[row] = 0.0
        for c in range(count[row]):
            mass[row] = fma(np.float64(amounts[row, c]), np.float64(tables.mass[first[row] + c]), mass[row])
