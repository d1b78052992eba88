"""Emission lines on wavelengths, as FSPS puts them there."""

import numpy as np

_C = 2.9979e18  # Angstrom / s, as FSPS has it


def line_profiles(wavelength: np.ndarray, centre: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Return the L_nu at wavelengths of lines of luminosity 1, shape (lines, n), in 1 / Hz.

    The lines are Gaussian in wavelength, with c / centre^2 for the change of units.
    """
    x = (wavelength - centre[:, None]) / sigma[:, None]
    return np.exp(-(x**2) / 2) / (np.sqrt(2 * np.pi) * sigma[:, None]) * (centre[:, None] ** 2 / _C)
