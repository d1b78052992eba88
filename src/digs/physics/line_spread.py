r"""The line-spread function and the pixels as one sparse matrix.

With y = ln lambda, the spectrum E(y) = L_nu / lambda, which is lambda L_lambda / c, is taken as linear between the
native wavelengths. A spectrograph spreads photons: L_nu, which is proportional to photons per unit of y, is convolved
with a Gaussian N of dispersion s in y (as Prospector's smoothspec does, smoothtype "vel"). For E this is

    E'(x) = e^{s^2/2} \int E(y) N(x + s^2 - y) dy

A pixel has the mean of L_lambda between its edges, c / (e^b - e^a) \int_a^b E' dx, or is sampled at its centre,
c e^{-x} E'(x). E is a sum of hat functions, whose second derivatives are deltas at the native wavelengths. So both are
exact differences of the second or third antiderivative of N, without any quadrature.
"""

import numpy as np
from astropy import constants
from scipy.sparse import csr_array
from scipy.special import ndtr

_C = constants.c.to_value("Angstrom / s")


REACH = 7.0  # dispersions, beyond which a Gaussian is nothing


_SHARP = 1e-9  # dispersion of a line-spread function of no width


def _twice(x: np.ndarray, s: np.ndarray) -> np.ndarray:
    """The second antiderivative of a Gaussian of dispersion s: 0 far below 0, x far above."""
    u = x / s
    return x * ndtr(u) + s * np.exp(-(u**2) / 2) / np.sqrt(2 * np.pi)


def _thrice(x: np.ndarray, s: np.ndarray) -> np.ndarray:
    """The third: 0 far below 0, (x^2 + s^2) / 2 far above."""
    u = x / s
    return ((x**2 + s**2) * ndtr(u) + x * s * np.exp(-(u**2) / 2) / np.sqrt(2 * np.pi)) / 2


def pixel_matrix(
    native: np.ndarray, centre: np.ndarray, edges: tuple[np.ndarray, np.ndarray] | None, dispersion: np.ndarray
) -> csr_array:
    """Return the matrix, shape (pixels, n), that makes L_lambda in pixels of L_nu at native wavelengths.

    All wavelengths are in Angstrom and in one frame.

    Args:
        native: ascending, shape (n,); it reaches at least REACH dispersions beyond the pixels.
        centre: of the pixels, shape (pixels,).
        edges: the pixels' lower and upper ends, each of shape (pixels,); None where they are sampled.
        dispersion: of the line-spread function in ln lambda, shape (pixels,).
    """
    s = np.maximum(dispersion, _SHARP)
    y, x = np.log(native), np.log(centre)
    low, high = (x, x) if edges is None else (np.log(edges[0]), np.log(edges[1]))
    first = np.maximum(np.searchsorted(y, low - REACH * s, side="right") - 2, 0)
    last = np.minimum(np.searchsorted(y, high + REACH * s) + 1, len(y) - 1)
    count = last - first + 1  # of nodes of each pixel; all lie in one array
    stop = np.cumsum(count)
    start = stop - count
    node = np.arange(stop[-1]) + np.repeat(first - start, count)
    wide = np.repeat(s, count)
    shifted = wide**2 - y[node]
    if edges is None:
        values, far, unit = _twice(np.repeat(x, count) + shifted, wide), np.ones_like(x), 1 / centre
    else:
        values = _thrice(np.repeat(high, count) + shifted, wide) - _thrice(np.repeat(low, count) + shifted, wide)
        far, unit = high - low, 1 / (edges[1] - edges[0])
    slope = np.zeros(len(values) + 1)  # between a node and the one before it
    slope[1:-1] = (values[:-1] - values[1:]) / np.maximum(np.diff(y)[node[:-1].clip(max=len(y) - 2)], 1e-300)
    before, after = slope[:-1].copy(), slope[1:].copy()
    before[start], after[stop - 1] = far, 0.0
    weight = (before - after) * np.repeat(_C * np.exp(s**2 / 2) * unit, count) / native[node]
    return csr_array((weight, node, np.append(0, stop)), shape=(len(centre), len(native)))


def line_matrix(
    lines: np.ndarray, centre: np.ndarray, edges: tuple[np.ndarray, np.ndarray] | None, dispersion: np.ndarray
) -> np.ndarray:
    """Return L_lambda in pixels, shape (pixels, lines), of lines of luminosity 1 and of no width of their own.

    Args:
        lines: their wavelengths.
        centre, edges, dispersion: as of pixel_matrix.
    """
    s = np.maximum(dispersion, _SHARP)[:, None]
    shifted, gain = s**2 - np.log(lines), np.exp(s**2 / 2)
    if edges is None:
        u = (np.log(centre)[:, None] + shifted) / s
        return gain * np.exp(-(u**2) / 2) / (np.sqrt(2 * np.pi) * s * centre[:, None])
    low, high = (ndtr((np.log(edge)[:, None] + shifted) / s) for edge in edges)
    return gain * (high - low) / (edges[1] - edges[0])[:, None]
