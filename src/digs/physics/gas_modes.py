"""A few numbers hold all lines of the gas and its continuum: fewer where its metallicity is known beforehand."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.linalg import qr

_LEAST = 1e-6  # singular values that are kept, relative to the largest


_LEAST_CHANGING = 1e-3  # of those whose change with dust within the line-spread function is taken along


_FREE = 50  # lines, and wavelengths of the continuum, from which all others follow to 1e-5 (median), 3e-4 (99.9%)


_EVERY = 2  # of the ages, in which that is found out


_GAP = 0.02  # dex, the widest gap between metallicities where the gas follows that of the stars


def refined_metallicities(logzsol: np.ndarray, gas_logz: np.ndarray) -> np.ndarray:
    """Return metallicities between which stars and gas of the same metallicity are nearly linear, ascending.

    The stars are linear between those of logzsol, and the logarithms of the gas between those of gas_logz.
    """
    nodes = np.union1d(logzsol.round(6), gas_logz.round(6))
    fill = [logzsol[:1], logzsol[-1:], nodes[1:-1]]
    for low, high in pairwise(nodes):
        if low >= gas_logz[0] - _GAP and high <= gas_logz[-1] + _GAP:
            fill.append(np.linspace(low, high, int(np.ceil((high - low) / _GAP - 1e-9)) + 1)[1:-1])
    return np.sort(np.concatenate(fill))


@dataclass(frozen=True)
class FixedModes:
    """Two factors of the luminosities per photon of gases of several metallicities.

    coefficients: shape (gases, ages, modes), by descending importance.
    quantities: shape (modes, quantities).
    changing: how many modes matter for what dust changes within the line-spread function.
    """

    coefficients: np.ndarray
    quantities: np.ndarray
    changing: int

    @classmethod
    def of(cls, tables: np.ndarray, response: np.ndarray) -> "FixedModes":
        """Return the modes of tables, shape (gases, ages, quantities), that an instrument can tell apart.

        Args:
            tables: of Gas.tables.
            response: of the instrument, shape (quantities, pixels).
        """
        scale = np.sqrt((response**2).mean(1))
        rows = tables.reshape(-1, tables.shape[-1]) * scale
        squared, right = np.linalg.eigh(rows.T @ rows)  # a hundred times as fast as a singular value decomposition
        strength, right = np.sqrt(squared[::-1].clip(min=0.0)), right[:, ::-1]
        rank, changing = (int((strength > least * strength[0]).sum()) for least in (_LEAST, _LEAST_CHANGING))
        modes = right[:, :rank]
        return cls((rows @ modes).reshape(*tables.shape[:2], rank), modes.T / scale, changing)


@dataclass(frozen=True)
class FreeModes:
    """The lines and wavelengths of the continuum from which all others follow, as their ratios vary little.

    chosen: their places, shape (modes,).
    quantities: how all follow from them, shape (modes, quantities).
    """

    chosen: np.ndarray
    quantities: np.ndarray

    @classmethod
    def of(cls, table: np.ndarray, response: np.ndarray) -> "FreeModes":
        """Return those that follow from a pivoted QR decomposition of many gases, as an instrument sees them.

        Args:
            table: of Gas, logarithms to base 2, shape (gas_logz, gas_logu, ages, quantities).
            response: of the instrument, shape (quantities, pixels).
        """
        for axis in (0, 1):  # what is halfway between the nodes is no sum of what is at them
            nodes = range(table.shape[axis])
            between = (np.take(table, nodes[:-1], axis) + np.take(table, nodes[1:], axis)) / 2
            table = np.concatenate([table, between], axis)
        scale = np.sqrt((response**2).mean(1))
        samples = np.exp2(table[:, :, ::_EVERY]).reshape(-1, table.shape[-1]) * scale
        samples /= np.linalg.norm(samples, axis=1, keepdims=True)
        _, factor, order = qr(samples, mode="economic", pivoting=True)
        rank = min(_FREE, len(order))
        quantities = np.empty((rank, len(order)))
        quantities[:, order] = np.linalg.solve(factor[:rank, :rank], factor[:rank])
        return cls(order[:rank], quantities * scale[order[:rank], None] / scale)
