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
    """The constants of a DelayedTau, as arrays; shapes as there.

    Hats are those of the SSPs, and of the mixtures and older SSPs; modes and components end in some that are 0.
    """

    young: int
    age: np.ndarray
    start: np.ndarray
    log_width: np.ndarray  # log2 of the age of each node over that of the one before, above 0
    mass: np.ndarray
    series: np.ndarray  # in double precision
    hats_a: np.ndarray  # either kind by modes by components
    hats_b: np.ndarray
    hat_end: np.ndarray  # either kind by components
    rises: np.ndarray
    node: np.ndarray
    node_weight: np.ndarray

    @classmethod
    def of(cls, history: DelayedTau) -> "HistoryTables":
        """Return the tables of a history in single precision."""
        arrays = {name: buffer.numpy() for name, buffer in history.named_buffers()}
        nodes, components = len(arrays["age"]), len(arrays["mass"])
        longest = -(-max(nodes, components - nodes) // WIDTH) * WIDTH

        def of_kinds(values: np.ndarray, filling: float) -> np.ndarray:
            kinds = np.split(values, [nodes], axis=-1)
            ends = [(0, 0)] * (values.ndim - 1)
            return np.stack(
                [np.pad(kind, [*ends, (0, longest - kind.shape[-1])], constant_values=filling) for kind in kinds], -2
            )

        hats = np.pad(arrays["hats"], [(0, 0), (0, -arrays["hats"].shape[1] % FOUR), (0, 0)])
        a, b = np.ascontiguousarray(np.moveaxis(of_kinds(hats, 0.0), 2, 1))
        width = np.ones_like(arrays["age"])
        width[1:] = np.log2(arrays["age"][1:].astype(float) / arrays["age"][:-1])
        return cls(
            young=history.young,
            log_width=width,
            series=arrays["series"].astype(float),
            hats_a=a,
            hats_b=b,
            hat_end=of_kinds(arrays["hat_end"], np.inf),
            node=arrays["node"][:, 0].copy(),
            **{name: arrays[name] for name in ("age", "start", "mass", "rises", "node_weight")},
        )


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
def _add_hats(modes, hats, kind, number, total):
    """Add the hats of a kind to a sum, each mode times its factor."""
    for mode in range(0, len(modes), FOUR):
        f0, f1, f2, f3 = modes[mode], modes[mode + 1], modes[mode + 2], modes[mode + 3]
        for c in range(number):
            late = fma(f2, hats[kind, mode + 2, c], fma(f3, hats[kind, mode + 3, c], total[c]))
            total[c] = fma(f0, hats[kind, mode, c], fma(f1, hats[kind, mode + 1, c], late))


@compiled_strictly
def _fill_decayed(age, decline, a, b, hat_end, amounts):
    """What is left of hats at an age, 0 where they do not end before it."""
    for c in range(len(a)):
        after = age - hat_end[c]
        exponent = after * decline
        amount = fma(after, a[c], b[c]) * exp2(exponent)
        amounts[c] = amount if (after > _ZERO) & (exponent > _LEAST) else _ZERO


@compiled_strictly
def _fill_whole_hats(tage, decline, modes, hats_a, hats_b, hat_end, kind, count, amounts):
    """Amounts of components of a kind, 0 where their hats do not end before the galaxy's age."""
    a, b = np.empty_like(amounts[0]), np.empty_like(amounts[0])
    for row in range(len(tage)):
        own = kind[row]
        number = (count[row] + WIDTH - 1) // WIDTH * WIDTH
        a[:], b[:] = _ZERO, _ZERO
        _add_hats(modes[row], hats_a, own, number, a)
        _add_hats(modes[row], hats_b, own, number, b)
        _fill_decayed(tage[row], decline[row], a[:number], b, hat_end[own], amounts[row])
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
        amounts: (N, n), n as many as of a kind.
    """
    tage = np.minimum(tage, tables.age[-1])  # rounding may put it beyond the last SSP
    number = len(tage)
    upper, kind = np.empty_like(first), np.empty_like(first)
    for row in range(number):
        upper[row] = min(np.searchsorted(tables.age, tage[row]), len(tables.age) - 1)
        mixed = upper[row] > tables.young
        kind[row] = 1 if mixed else 0
        first[row] = len(tables.age) if mixed else 0
        count[row] = upper[row] + 1 + (len(tables.mass) - 2 * len(tables.age) if mixed else 0)
    modes, tau = np.zeros((number, tables.hats_a.shape[1]), dtype=np.float32), np.empty(number)
    _fill_modes(logtau, tables.series, modes, tau)
    decline = (-_LOG2E / tau).astype(np.float32)
    _fill_whole_hats(tage, decline, modes, tables.hats_a, tables.hats_b, tables.hat_end, kind, count, amounts)
    _add_cut_hats(tage, tau, decline, modes, tables, upper, count, amounts)
    for row in range(number):
        mass[row] = 0.0
        for c in range(count[row]):
            mass[row] = fma(np.float64(amounts[row, c]), np.float64(tables.mass[first[row] + c]), mass[row])
