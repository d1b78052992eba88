"""Dust attenuation: the starburst curve of Calzetti et al. (2000), as FSPS applies it (attn_curve, dust_type=2)."""

import numpy as np

_BREAK = 6300.0  # Angstrom, where the two polynomials of Calzetti et al. (2000, eq. 4) meet


_SLOPE, _OFFSET = 1.17, 1.78  # 0.44 times their 2.659 and 4.05, rounded as FSPS rounds them


_NORMALISATION = 0.44 * 4.05


def calzetti(wavelength: np.ndarray) -> np.ndarray:
    """Return the optical depth per unit of dust2, k, so that F = F_0 exp(-dust2 k).

    It is the starburst curve of Calzetti et al. (2000, eq. 4) with the rounded coefficients of FSPS (attn_curve,
    dust_type=2), which make it 0.9985 at 5500 Angstrom, not 1.

    Args:
        wavelength: in Angstrom, any shape; valid from 1200 to 22 000.
    Returns:
        an array of that shape.

    Example:
        >>> from digs.physics import calzetti
        >>> calzetti([4000.0, 5500.0, 9000.0]).round(2).tolist()
        [1.36, 1.0, 0.54]
    """
    x = 1e4 / np.asarray(wavelength, dtype=float)  # inverse micron
    red = -1.857 + 1.040 * x
    blue = -2.156 + 1.509 * x - 0.198 * x**2 + 0.011 * x**3
    polynomial = np.where(x < 1e4 / _BREAK, red, blue)
    return (_SLOPE * polynomial + _OFFSET) / _NORMALISATION
