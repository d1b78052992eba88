"""FSPS's nebular emission: the tables in SPS_HOME, and how FSPS 3.2 reads and uses them (add_nebular).

A population no older than the last age of the tables loses its light below 912 Angstrom; the gas turns each ionising
photon into the lines and the continuum of the tables. Their logarithms are interpolated linearly in gas_logz,
gas_logu and log age, and held at the tables' ends.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digs.base.errors import DigsError
from digs.files.schemas.populations_schema import PHOTONS

LYMAN_LIMIT = 912.0  # Angstrom


_NODES = (11, 10, 7)  # of gas_logz, age and gas_logu


_PLANCK, _LSUN, _C = 6.6261e-27, 3.839e33, 2.9979e18  # as FSPS has them; cgs, and Angstrom / s


_NOTHING = 1e-95  # is added before the logarithm is taken


@dataclass(frozen=True)
class NebularTable:
    """One table: the logarithms of what each ionising photon becomes.

    logz, age, logu: the nodes; age in Gyr.
    wavelength: Angstrom, shape (n,).
    values: log10 of the luminosity (Lsun, or Lsun / Hz) of PHOTONS ionising photons a second, shape (nodes, n).
    """

    logz: np.ndarray
    age: np.ndarray
    logu: np.ndarray
    wavelength: np.ndarray
    values: np.ndarray


def read_nebular_table(path: Path) -> NebularTable:
    """Read a table of lines or of the continuum as FSPS reads it.

    Raises:
        DigsError: the file does not hold what FSPS 3.2 expects.
    """
    with path.open() as file:
        file.readline()
        wavelength = np.array(file.readline().split(), float)
        numbers = np.array(file.read().split(), float)
    size, count = len(wavelength), int(np.prod(_NODES))
    if len(numbers) != count * (3 + size):
        raise DigsError(f"{path} does not hold {count} spectra of {size} numbers, as FSPS 3.2 expects; replace it.")
    rows = numbers.reshape(*_NODES, 3 + size)
    values = np.log10(rows[..., 3:] + _NOTHING) + np.log10(PHOTONS)
    return NebularTable(rows[:, 0, 0, 0], rows[0, :, 0, 1] / 1e9, rows[0, 0, :, 2], wavelength, values)


def ionising_photons(wavelength: np.ndarray, luminosity: np.ndarray) -> np.ndarray:
    """Return the ionising photons in units of PHOTONS a second, shape (...), by FSPS's sum.

    Args:
        wavelength: Angstrom, from the shortest on, shape (n,).
        luminosity: L_nu in Lsun / Hz, shape (..., n).
    """
    last = int(np.searchsorted(wavelength, LYMAN_LIMIT, side="right"))
    nu = _C / wavelength[:last]
    return np.trapezoid((luminosity[..., :last] / nu)[..., ::-1], nu[::-1], axis=-1) / _PLANCK * _LSUN / PHOTONS


def line_sigma(wavelength: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return the widths that FSPS gives the lines in its spectra: twice the spacing of wavelengths there."""
    below = np.clip(np.searchsorted(wavelength, centres, side="right") - 1, 0, len(wavelength) - 2)
    return 2 * (wavelength[below + 1] - wavelength[below])
