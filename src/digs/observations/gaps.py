"""Gaps between pixels, filled with hidden ones, so that no pixel reaches into a gap."""

import numpy as np
from scipy.ndimage import median_filter
from scipy.sparse import coo_array, csr_array

from digs.base.errors import DigsError

_AROUND = 11  # steps whose median is the usual one

_WIDER = 1.6  # times the usual step, beyond which pixels are missing


def filled(wavelength: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the wavelengths with pixels in the gaps, and the places of those that were given.

    Args:
        wavelength: centres of pixels, ascending, shape (n,).
        most: pixels that there may be.
    Returns:
        wavelengths, shape (m,) with m >= n, and the place of each of the n among them.
    Raises:
        DigsError: so many pixels are missing that there would be too many.

    Example:
        >>> import numpy as np
        >>> from digs.observations.gaps import filled
        >>> filled(np.array([10.0, 11, 12, 13, 16, 17]), 100)
        (array([10., 11., 12., 13., 14., 15., 16., 17.]), array([0, 1, 2, 3, 6, 7]))
    """
    step = np.diff(wavelength)
    usual = median_filter(step, size=min(_AROUND, len(step)), mode="reflect")
    pieces = np.where(step > _WIDER * usual, np.round(step / usual), 1.0)
    if pieces.sum() >= most:
        raise DigsError(f"The gaps between the pixels are so wide that {pieces.sum():.0f} pixels would fill them.")
    pieces = pieces.astype(int)
    places = np.concatenate([[0], np.cumsum(pieces)])
    return np.interp(np.arange(places[-1] + 1), places, wavelength), places


def fill_matrix(matrix: csr_array, places: np.ndarray, pixels: int) -> csr_array:
    """Return a resolution matrix on the pixels with the gaps filled, where those that fill them see themselves.

    Args:
        matrix: on the pixels that were given, shape (n, n).
        places: of these among all, shape (n,).
        pixels: all, m.
    Returns:
        shape (m, m).
    """
    entries = coo_array(matrix)
    row, column = entries.coords
    new = np.setdiff1d(np.arange(pixels), places)
    rows, columns = np.concatenate([places[row], new]), np.concatenate([places[column], new])
    values = np.concatenate([entries.data, np.ones(len(new))])
    return csr_array((values, (rows, columns)), shape=(pixels, pixels))
