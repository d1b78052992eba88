"""Spectra of the exact simulator by compiled code, one at a time: what a galaxy gets depends on it alone, to the bit.

The products of matrices in digs.physics.simulator depend, in their last bits, on how many galaxies are multiplied at
once and on which. Here every sum is written out, in one order, and every operation is rounded as it is written. So the
walkers of many galaxies can be evaluated in one call, and each walks as it would alone.
"""

from typing import Any, NamedTuple

import numba
import numpy as np
import torch
from torch import Tensor

from digs.base.compilation import compiled, compiled_strictly, on_threads
from digs.base.elementary import exp2, fma, power_of_ten
from digs.base.torch_state import undisturbed
from digs.physics.histories.compiled_delayed_tau import HistoryTables, fill_amounts
from digs.physics.histories.delayed_tau import DelayedTau
from digs.physics.response import DUST
from digs.physics.simulator import Simulator

_F4 = np.float32


_ZERO, _ONE = _F4(0), _F4(1)


_LOG2E = 1 / np.log(2)


_AT_ONCE = 16  # galaxies, which share what lies between


_FOUR = 4  # components that are added at once, to touch the sum less often


_WIDTH = 32  # of what is added: a multiple of this has no remainder of a vector


class SpectrumTables(NamedTuple):
    """The constants of a Simulator, as arrays.

    seen: metallicities by components by the pixels of the stars, and then by what changes with dust; the last
        components and columns are 0, to fill up fours and vectors.
    """

    history: HistoryTables
    logzsol: np.ndarray
    seen: np.ndarray
    attenuation: np.ndarray  # -log2(e) k, by pixels
    second: np.ndarray  # what changes with dust, by pixels
    dimming: float

    @classmethod
    def of(cls, simulator: Simulator) -> "SpectrumTables":
        """Return the tables of a simulator that `compiled_spectra` takes."""
        seen = torch.cat([simulator.stars, simulator.young], -1).numpy()
        seen = np.pad(seen, [(0, 0), (0, _FOUR), (0, -seen.shape[-1] % _WIDTH)])
        return cls(
            history=HistoryTables.of(simulator.history),
            logzsol=simulator.logzsol.numpy(),
            seen=seen,
            attenuation=(-_LOG2E * simulator.curve.double()).float().numpy(),
            second=simulator.second.numpy(),
            dimming=simulator.dimming,
        )


@compiled_strictly
def _add_four(poor, rich, below, above, total):
    """Add four components at either metallicity, each times its amount."""
    p0, p1, p2, p3 = poor[0], poor[1], poor[2], poor[3]
    r0, r1, r2, r3 = rich[0], rich[1], rich[2], rich[3]
    b0, b1, b2, b3 = below[0], below[1], below[2], below[3]
    a0, a1, a2, a3 = above[0], above[1], above[2], above[3]
    for k in range(len(total)):
        even = fma(p0, b0[k], fma(p1, b1[k], fma(p2, b2[k], fma(p3, b3[k], total[k]))))
        total[k] = fma(r0, a0[k], fma(r1, a1[k], fma(r2, a2[k], fma(r3, a3[k], even))))


@compiled_strictly
def _fill_spectrum(theta, tables, sums, modes, amounts, total, spectrum):
    """Fill in the spectrum of one galaxy."""
    logzsol, dust2 = theta[1], theta[2]
    first, count, mass = fill_amounts(theta[3], theta[4], tables.history, sums, modes, amounts)
    nodes = tables.logzsol
    node = min(max(np.searchsorted(nodes, logzsol) - 1, 0), len(nodes) - 2)
    scale = power_of_ten(np.float64(theta[0])) * tables.dimming / (mass * np.float64(nodes[node + 1] - nodes[node]))
    to_poor, to_rich = _F4(scale * (nodes[node + 1] - logzsol)), _F4(scale * (logzsol - nodes[node]))
    found, poor, rich = amounts
    for c in range(len(found)):
        poor[c], rich[c] = to_poor * found[c], to_rich * found[c]
    total[:] = _ZERO
    for c in range(0, count, _FOUR):
        here, there = slice(c, c + _FOUR), slice(first + c, first + c + _FOUR)
        _add_four(poor[here], rich[here], tables.seen[node, there], tables.seen[node + 1, there], total)
    pixels = len(spectrum)
    for quantity in range(len(tables.second)):
        amount = total[pixels + quantity] * (_F4(DUST) - dust2)
        change = tables.second[quantity]
        for k in range(pixels):
            total[k] = fma(amount, change[k], total[k])
    for k in range(pixels):
        spectrum[k] = total[k] * exp2(tables.attenuation[k] * dust2)


def _spectra(theta, tables):
    """Spectra, shape (N, pixels), of theta, (N, 5)."""
    number = len(theta)
    spectra = np.empty((number, len(tables.attenuation)), dtype=np.float32)
    for job in numba.prange((number + _AT_ONCE - 1) // _AT_ONCE):
        sums = np.zeros(tables.history.series.shape[1])
        modes = np.zeros(len(sums), dtype=np.float32)
        amounts = np.zeros((3, len(tables.history.mass) + _FOUR), dtype=np.float32)
        total = np.zeros(tables.seen.shape[2], dtype=np.float32)
        for row in range(job * _AT_ONCE, min((job + 1) * _AT_ONCE, number)):
            _fill_spectrum(theta[row], tables, sums, modes, amounts, total, spectra[row])
    return spectra


_alone, _together = compiled_strictly(_spectra), compiled_strictly(_spectra, parallel=True)


class CompiledSpectra:
    """Noiseless spectra as of a Simulator, each the same to the bit in any company, in any order, by any threads."""

    def __init__(self, simulator: Simulator):
        self.simulator = simulator
        self.tables = SpectrumTables.of(simulator)

    @undisturbed()
    def __call__(self, theta: Any) -> Tensor:
        """Return F_lambda, shape (N, pixels), of theta; as Simulator.forward, without gradients."""
        theta = self.simulator.checked(theta).contiguous().numpy()
        return torch.from_numpy(on_threads(_alone, _together, theta, self.tables))
