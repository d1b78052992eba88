"""Spectra of the exact simulator by compiled code, one at a time: what a galaxy gets depends on it alone, to the bit.

The products of matrices in digs.physics.simulator depend, in their last bits, on how many galaxies are multiplied at
once and on which. Here every sum is written out, in one order, and every operation is rounded as it is written. So the
walkers of many galaxies can be evaluated in one call, and each walks as it would alone.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from digs.base.compilation import compiled_strictly, in_parts
from digs.base.elementary import exp2, fma, power_of_ten
from digs.base.errors import DigsError
from digs.base.torch_state import undisturbed
from digs.config.theta import NAMES
from digs.physics.histories.compiled_delayed_tau import FOUR, WIDTH, HistoryTables, fill_amounts
from digs.physics.histories.delayed_tau import DelayedTau
from digs.physics.response import DUST
from digs.physics.simulator import Simulator

_F4 = np.float32


_LOG2E = 1 / np.log(2)


_LOGMASS, _LOGZSOL, _DUST2, _TAGE, _LOGTAU = range(len(NAMES))


_AT_ONCE = 16  # galaxies, which share what lies between


_PART = 256  # galaxies that a thread takes at a time


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
        """Return the tables of a simulator that CompiledSpectra takes."""
        seen = torch.cat([simulator.stars, simulator.young], -1).numpy()
        seen = np.pad(seen, [(0, 0), (0, FOUR), (0, -seen.shape[-1] % WIDTH)])
        return cls(
            history=HistoryTables.of(simulator.history),
            logzsol=simulator.logzsol.numpy(),
            seen=seen,
            attenuation=(-_LOG2E * simulator.curve.double()).float().numpy(),
            second=simulator.second.numpy(),
            dimming=simulator.dimming,
        )


@compiled_strictly
def _shares(logzsol, nodes, mass, amounts):
    """The lower one of the metallicities around each galaxy, and the amounts of components at it and at the next.

    They are for one solar mass that has formed.
    """
    lower = np.empty(len(logzsol), dtype=np.int64)
    poor, rich = np.empty_like(amounts), np.empty_like(amounts)
    for row in range(len(logzsol)):
        node = min(max(np.searchsorted(nodes, logzsol[row]) - 1, 0), len(nodes) - 2)
        scale = 1 / (mass[row] * np.float64(nodes[node + 1] - nodes[node]))
        to_poor, to_rich = _F4(scale * (nodes[node + 1] - logzsol[row])), _F4(scale * (logzsol[row] - nodes[node]))
        for c in range(amounts.shape[1]):
            poor[row, c], rich[row, c] = to_poor * amounts[row, c], to_rich * amounts[row, c]
        lower[row] = node
    return lower, poor, rich


@compiled_strictly
def _add_components(poor, rich, seen, lower, first, count, total):
    """Add components from the first on, at a metallicity and at the next one, each times its amount."""
    for c in range(0, count.max(), FOUR):
        for row in range(len(poor)):  # neighbours share what is added, which stays in the innermost cache
            if c >= count[row]:
                continue
            node, at = lower[row], first[row] + c
            p0, p1, p2, p3 = poor[row, c], poor[row, c + 1], poor[row, c + 2], poor[row, c + 3]
            r0, r1, r2, r3 = rich[row, c], rich[row, c + 1], rich[row, c + 2], rich[row, c + 3]
            for k in range(total.shape[1]):
                part = fma(p2, seen[node, at + 2, k], fma(p3, seen[node, at + 3, k], total[row, k]))
                part = fma(p0, seen[node, at, k], fma(p1, seen[node, at + 1, k], part))
                part = fma(r2, seen[node + 1, at + 2, k], fma(r3, seen[node + 1, at + 3, k], part))
                total[row, k] = fma(r0, seen[node + 1, at, k], fma(r1, seen[node + 1, at + 1, k], part))


@compiled_strictly
def _fill_spectra(theta, total, second, attenuation, dimming, place, spectra):
    """What the stars emit and what changes with dust, attenuated by it, and dimmed."""
    for row in range(len(theta)):
        dust, line = theta[row, _DUST2], place[row]
        scale = _F4(power_of_ten(np.float64(theta[row, _LOGMASS])) * dimming)
        for quantity in range(len(second)):
            amount = total[row, len(attenuation) + quantity] * (_F4(DUST) - dust)
            for k in range(len(attenuation)):
                total[row, k] = fma(amount, second[quantity, k], total[row, k])
        for k in range(len(attenuation)):
            spectra[line, k] = total[row, k] * scale * exp2(attenuation[k] * dust)


def _fill(theta, order, tables, spectra):
    """Fill in the spectra, shape (N, pixels), of some rows of theta, (N, 5), in an order."""
    for start in range(0, len(order), _AT_ONCE):
        place = order[start : start + _AT_ONCE]
        some = theta[place]
        first, count, mass = np.empty_like(place), np.empty_like(place), np.empty(len(place))
        amounts = np.empty((len(place), tables.history.hat_end.shape[1]), dtype=np.float32)
        fill_amounts(some[:, _TAGE], some[:, _LOGTAU], tables.history, first, count, mass, amounts)
        lower, poor, rich = _shares(some[:, _LOGZSOL], tables.logzsol, mass, amounts)
        total = np.zeros((len(place), tables.seen.shape[2]), dtype=np.float32)
        _add_components(poor, rich, tables.seen, lower, first, count, total)
        _fill_spectra(some, total, tables.second, tables.attenuation, tables.dimming, place, spectra)


_fill_without_lock = compiled_strictly(_fill, nogil=True)


class CompiledSpectra:
    """Noiseless spectra as of a Simulator, each the same to the bit in any company, in any order, by any threads.

    They agree with the simulator's to 2e-6, and have no gradients.

    Args:
        simulator: one of those that it takes.
    Raises:
        DigsError: it is another one.
    """

    def __init__(self, simulator: Simulator):
        if not self.takes(simulator):
            raise DigsError(
                "Compiled spectra are of delayed-tau galaxies on a few hundred pixels, in 32-bit floats on the CPU, "
                "their gas not free; take the simulator itself."
            )
        self.simulator, self.curve = simulator, simulator.curve
        self._tables = SpectrumTables.of(simulator)

    @staticmethod
    def takes(simulator: Any) -> bool:
        """Return whether this can do what a simulator does."""
        return (
            type(simulator) is Simulator
            and type(simulator.history) is DelayedTau
            and simulator.folded
            and simulator.gas_kind != "free"
            and simulator.curve.dtype == torch.float32
            and simulator.curve.device.type == "cpu"
        )

    @undisturbed()
    def __call__(self, theta: Any) -> Tensor:
        """Return F_lambda, shape (N, pixels), of theta, shape (N, 5); arguments and errors as of Simulator.forward."""
        theta = self.simulator.checked(theta).detach().contiguous().numpy()
        spectra = np.empty((len(theta), self.simulator.pixels), dtype=np.float32)
        order = np.argsort(theta[:, _LOGZSOL], kind="stable")  # neighbours share SSPs
        in_parts(lambda part: _fill_without_lock(theta, order[part], self._tables, spectra), len(theta), _PART)
        return torch.from_numpy(spectra)
