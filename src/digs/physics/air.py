"""Wavelengths in air and in vacuum: Ciddor (1996, Applied Optics 35, 1566), standard air, 15 C, 450 ppm of CO2."""

import numpy as np

_FIRST = 2000.0  # Angstrom: shorter wavelengths are measured in vacuum by convention


_ROUNDS = 6  # of the fixed-point iteration, each of which gains more than four digits


def _refraction(vacuum: np.ndarray) -> np.ndarray:
    """Index of refraction at wavelengths in vacuum, in Angstrom (Ciddor 1996, eq. 1)."""
    squared = (1e4 / vacuum) ** 2  # in inverse micron
    return 1 + 0.05792105 / (238.0185 - squared) + 0.00167917 / (57.362 - squared)


def vacuum_to_air(wavelength: np.ndarray) -> np.ndarray:
    """Return wavelengths in air of wavelengths in vacuum, both in Angstrom; below 2000 Angstrom they are the same.

    Example:
        >>> from digs.physics.air import vacuum_to_air
        >>> vacuum_to_air([6564.61]).round(2).tolist()
        [6562.8]
    """
    vacuum = np.asarray(wavelength, dtype=float)
    return np.where(vacuum < _FIRST, vacuum, vacuum / _refraction(np.maximum(vacuum, _FIRST)))


def air_to_vacuum(wavelength: np.ndarray) -> np.ndarray:
    """Return wavelengths in vacuum of wavelengths in air, both in Angstrom; the inverse of vacuum_to_air.

    Example:
        >>> from digs.physics.air import air_to_vacuum
        >>> air_to_vacuum([6562.8]).round(2).tolist()
        [6564.61]
    """
    air = np.asarray(wavelength, dtype=float)
    first = _FIRST / _refraction(np.array(_FIRST))
    vacuum = longer = np.maximum(air, first)
    for _ in range(_ROUNDS):
        vacuum = longer * _refraction(vacuum)
    return np.where(air < first, air, vacuum)
