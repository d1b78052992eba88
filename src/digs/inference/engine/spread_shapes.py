r"""Shapes and lines in pixels by compiled code: what digs.physics.line_spread computes, several times as fast.

A Gaussian of dispersion s has the third antiderivative s^2 T(x / s), with

    T(u) = [(u^2 + 1) \Phi(u) + u \phi(u)] / 2,    T'(u) = u \Phi(u) + \phi(u)

T is taken from a table by Hermite's cubics, to 1e-13. The shapes are added up pixel by pixel, so that no matrix from
wavelengths to pixels is needed.
"""

import math
from functools import lru_cache

import numpy as np
from astropy import constants
from scipy.special import ndtr

from digs.base.compilation import compiled_strictly

_C = constants.c.to_value("Angstrom / s")
_SHARP = 1e-9  # dispersion of a line-spread function of no width
_REACH = 6.0  # dispersions, beyond which a Gaussian is nothing
_STEP = 1 / 256  # of the table
_ABREAST = 4  # wavelengths that are added up together
_LINE_REACH = 10.0  # dispersions, beyond which a line is nothing


@lru_cache(maxsize=1)
def _table() -> tuple[np.ndarray, np.ndarray]:
    """T and T' from -_REACH to _REACH."""
    u = np.arange(-_REACH, _REACH + _STEP, _STEP)
    phi = np.exp(-(u**2) / 2) / np.sqrt(2 * np.pi)
    return ((u**2 + 1) * ndtr(u) + u * phi) / 2, u * ndtr(u) + phi


@compiled_strictly
def _thrice(u, table, slope):
    """T(u)."""
    if u <= -_REACH:
        return 0.0
    if u >= _REACH:
        return (u * u + 1.0) / 2.0
    place = (u + _REACH) / _STEP
    k = int(place)
    t = place - k
    a, b, da, db = table[k], table[k + 1], slope[k] * _STEP, slope[k + 1] * _STEP
    return a + t * (da + t * (3.0 * (b - a) - 2.0 * da - db + t * (2.0 * (a - b) + da + db)))


@compiled_strictly
def _fill_shapes(y, native, shapes, low, high, width, s, first, last, table, slope, found):
    """Fill in the shapes in pixels, the first columns of found, between edges in ln lambda."""
    total = np.empty(shapes.shape[1])
    weight = np.empty((last - first).max() + 1 + _ABREAST)
    for p in range(len(low)):
        square = s[p] * s[p]
        scale = _C * math.exp(square / 2.0) / width[p]
        before = high[p] - low[p]
        start, count = first[p], last[p] - first[p] + 1
        here = square * (
            _thrice((high[p] + square - y[start]) / s[p], table, slope)
            - _thrice((low[p] + square - y[start]) / s[p], table, slope)
        )
        for i in range(count):
            after = 0.0
            if i + 1 < count:
                x = square - y[start + i + 1]
                there = square * (
                    _thrice((high[p] + x) / s[p], table, slope) - _thrice((low[p] + x) / s[p], table, slope)
                )
                after = (here - there) / (y[start + i + 1] - y[start + i])
                here = there
            weight[i] = (before - after) * scale / native[start + i]
            before = after
        total[:] = 0.0
        done = 0
        while done + _ABREAST <= count:
            j = start + done
            a, b, c, d = weight[done], weight[done + 1], weight[done + 2], weight[done + 3]
            for k in range(len(total)):
                total[k] += a * shapes[j, k] + b * shapes[j + 1, k] + c * shapes[j + 2, k] + d * shapes[j + 3, k]
            done += _ABREAST
        for i in range(done, count):
            for k in range(len(total)):
                total[k] += weight[i] * shapes[start + i, k]
        found[p, : len(total)] = total


@compiled_strictly
def _fill_lines(lines, low, high, width, s, first, last, found):
    """Fill in lines in pixels, (pixels, lines)."""
    root = math.sqrt(0.5)
    for k in range(len(lines)):
        for p in range(first[k], last[k]):
            x = s[p] * s[p] - lines[k]
            below, above = (low[p] + x) / s[p] * root, (high[p] + x) / s[p] * root
            # of the two tails the one that is small
            share = math.erfc(below) - math.erfc(above) if below > 0 else math.erfc(-above) - math.erfc(-below)
            found[p, k] = math.exp(s[p] * s[p] / 2.0) * share / 2.0 / width[p]


def fill_shapes_in_pixels(
    native: np.ndarray, shapes: np.ndarray, edges: np.ndarray, dispersion: np.ndarray, found: np.ndarray
) -> None:
    """Fill in L_lambda in pixels of L_nu at native wavelengths.

    Args:
        native: wavelengths in Angstrom, ascending, shape (n,), which reach _REACH dispersions beyond the pixels.
        shapes: L_nu, shape (n, shapes), contiguous.
        edges: of the pixels, in the frame of the native wavelengths, ascending, shape (pixels + 1,).
        dispersion: of the line-spread function in ln lambda, shape (pixels,).
        found: whose first columns are filled in, shape (pixels, shapes or more).
    """
    s = np.maximum(dispersion, _SHARP)
    y, ends = np.log(native), np.log(edges)
    low, high = ends[:-1], ends[1:]
    first = np.maximum(np.searchsorted(y, low - _REACH * s, side="right") - 2, 0)
    last = np.minimum(np.searchsorted(y, high + _REACH * s) + 1, len(y) - 1)
    _fill_shapes(y, native, shapes, low, high, np.diff(edges), s, first, last, *_table(), found)


def lines_in_pixels(lines: np.ndarray, edges: np.ndarray, dispersion: np.ndarray) -> np.ndarray:
    """Return L_lambda in pixels of lines of luminosity 1 and of no width of their own, shape (pixels, lines).

    Args:
        lines: their wavelengths, in the frame of the edges.
        edges, dispersion: as of shapes_in_pixels.
    """
    s = np.maximum(dispersion, _SHARP)
    ends, centres = np.log(edges), np.log(lines)
    reach = _LINE_REACH * s.max() + s.max() ** 2
    first = np.searchsorted(ends[1:], centres - reach)
    last = np.searchsorted(ends[:-1], centres + reach)
    found = np.zeros((len(s), len(lines)))
    _fill_lines(centres, ends[:-1], ends[1:], np.diff(edges), s, first, last, found)
    return found
