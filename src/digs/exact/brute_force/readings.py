r"""What spectra say of the templates' features: Gaussian approximations of their likelihoods.

Around a reference model m, the ln likelihood of a spectrum x is, as a function of the ln model, a parabola around ln y
with a precision w in each pixel,

    sigma_i = f m_i:        ln y_i = ln m_i + r_i^2 - r_i - f^2,     w_i = 1 / f^2,     r_i = x_i / m_i
    sigma_i given:          ln y_i = ln m_i + r_i - 1,               w_i = (m_i / sigma_i)^2

whose slope at the reference is right, and whose curvature is what it is on average, where the model fits. Where it does
not, a careful reading has for sigma_i = f m_i the curvature of Gauss and Newton at the reference,

    ln y_i = ln m_i + 1 - 1 / r_i - (f / r_i)^2,                     w_i = (r_i / f)^2

As ln m is linear in the features
(digs.exact.brute_force.templates), the rest is least squares. With A = [1, -k], S = A^T W A,
X = W - W A S^{-1} A^T W and the templates' unit u, mass and dust free,

    -2 ln L = |Lt^T (c - center)|^2 + const,    Lt Lt^T = u^2 B^T X B,    u Lt Lt^T center = B^T X (ln y - mu)

and given c, (v, dust2 - d) has the mean S^{-1} A^T W (ln y - mu - u B c) + (-a_0, a_1) and the covariance S^{-1}. Where
all w are 1 / u^2, Lt is 1 and B drops out of the mean.
"""

from typing import NamedTuple

import numpy as np

from digs.base.compilation import compiled_strictly
from digs.base.elementary import fma
from digs.exact.brute_force.nodes import Nodes

_F4 = np.float32


_CLEAR, _REACH, _LEAST = 5.0, 4, 0.3  # sigma; pixels on either side; sigma of the mean over these


_LEAST_RATIO = 0.1  # of the data to the model, so that no step is too long


_TINY = 1e-9  # that keeps matrices of few pixels invertible, in units of the noise that the grid is made for


class Reading(NamedTuple):
    """Of one galaxy, K components; or of G galaxies, with another axis in front.

    center: (K,), filled up to a multiple of 4.
    factor: Lt, (K, K), or (0, 0) where it is 1.
    offset: (2,), and slope, (2, K) or (2, 0): the mean of (v, dust2 - d) is offset - slope c + (-a_0, a_1).
    widths: (3,): the standard deviations of v at given dust and of dust2, and how v changes with dust2.
    """

    center: np.ndarray
    factor: np.ndarray
    offset: np.ndarray
    slope: np.ndarray
    widths: np.ndarray

    @classmethod
    def blank(cls, galaxies: int, nodes: Nodes, even: bool) -> "Reading":
        """Return readings to be filled in, of even noise or not."""
        size = 0 if even else nodes.basis.shape[1]
        center = np.zeros((galaxies, nodes.columns.shape[1]), dtype=np.float32)
        factor = np.zeros((galaxies, size, size), dtype=np.float32)
        return cls(center, factor, np.zeros((galaxies, 2)), np.zeros((galaxies, 2, size)), np.zeros((galaxies, 3)))


@compiled_strictly
def one_of(readings, galaxy):
    """The reading of one of several galaxies."""
    center, factor, offset, slope, widths = readings
    return Reading(center[galaxy], factor[galaxy], offset[galaxy], slope[galaxy], widths[galaxy])


def _first_references(flux, sigma, log_models):
    """Fill in references: what is seen, or where that is noise, what is seen around."""
    for galaxy in range(len(flux)):
        seen, log_model = flux[galaxy], log_models[galaxy]
        for i in range(len(seen)):
            if sigma.shape[1] == 0 or seen[i] > _CLEAR * sigma[galaxy, i]:
                log_model[i] = np.log(seen[i])
                continue
            total, weight = 0.0, 0.0
            for j in range(max(0, i - _REACH), min(len(seen), i + _REACH + 1)):
                total += seen[j] / sigma[galaxy, j] ** 2
                weight += 1 / sigma[galaxy, j] ** 2
            log_model[i] = -np.inf if weight == 0.0 else np.log(max(total, _LEAST * np.sqrt(weight)) / weight)


@compiled_strictly
def _expand(flux, sigma, fraction, careful, log_model, log_y, precision):
    """Fill in ln y and w around a reference; where no sigmas are given, the noise is a fraction of the model."""
    for i in range(len(flux)):
        if len(sigma) == 0:
            ratio = flux[i] * np.exp(-log_model[i])
            slope = ratio**2 - ratio - fraction**2
            curvature = max(ratio, _LEAST_RATIO) ** 2 if careful else 1.0
            log_y[i] = log_model[i] + slope / curvature
            precision[i] = curvature / fraction**2
        elif sigma[i] < np.inf and log_model[i] > -np.inf:
            model = np.exp(log_model[i])
            log_y[i] = log_model[i] + flux[i] / model - 1
            precision[i] = (model / sigma[i]) ** 2
        else:
            log_y[i], precision[i] = 0.0, 0.0


@compiled_strictly
def _read_even(log_y, nodes, reading):
    """Read what has the noise that the grid is made for, the same in all pixels."""
    center, unit = np.zeros(nodes.basis.shape[1]), nodes.unit
    reading.offset[:] = 0.0
    n, k1, k2 = np.float64(len(log_y)), 0.0, 0.0
    for i in range(len(log_y)):
        rest, k = log_y[i] - nodes.mean[i], nodes.curve[i]
        for j in range(len(center)):
            center[j] = fma(rest, nodes.basis[i, j], center[j])
        reading.offset[0] += rest * nodes.linear[i, 0]
        reading.offset[1] -= rest * nodes.linear[i, 1]
        k1 += k
        k2 += k * k
    for j in range(len(center)):
        reading.center[j] = _F4(center[j] / unit)
    reading.widths[0], reading.widths[1], reading.widths[2] = unit / np.sqrt(n), unit / np.sqrt(k2 - k1**2 / n), k1 / n


@compiled_strictly
def _read_weighted(log_y, precision, nodes, reading):
    """Read what has any noise; a precision of 0 is a gap."""
    components, unit = nodes.basis.shape[1], nodes.unit
    n, k1, k2 = _TINY / unit**2, 0.0, _TINY / unit**2
    moments = np.zeros((2, components + 1))  # of 1 and -k with B, and with the data, the last
    matrix = np.zeros((components, components + 1))
    row = np.empty(components + 1)
    for i in range(len(log_y)):
        w, k = precision[i], nodes.curve[i]
        if w == 0.0:
            continue
        for j in range(components):
            row[j] = unit * nodes.basis[i, j]
        row[components] = log_y[i] - nodes.mean[i]
        n, k1, k2 = n + w, k1 + w * k, k2 + w * k * k
        for j in range(components + 1):
            moments[0, j] = fma(w, row[j], moments[0, j])
            moments[1, j] = fma(-w * k, row[j], moments[1, j])
        for a in range(components):
            scaled = w * row[a]
            for j in range(components + 1):
                matrix[a, j] = fma(scaled, row[j], matrix[a, j])
    determinant = n * k2 - k1 * k1
    solved = np.empty_like(moments)
    for j in range(components + 1):
        solved[0, j] = (k2 * moments[0, j] + k1 * moments[1, j]) / determinant
        solved[1, j] = (k1 * moments[0, j] + n * moments[1, j]) / determinant
    for a in range(components):
        for j in range(components + 1):
            matrix[a, j] -= moments[0, a] * solved[0, j] + moments[1, a] * solved[1, j]
        matrix[a, a] += _TINY
        for i in range(2):
            reading.slope[i, a] = solved[i, a]
    _solve(matrix, reading)
    reading.offset[0], reading.offset[1] = solved[0, components], solved[1, components]
    reading.widths[0], reading.widths[1], reading.widths[2] = 1 / np.sqrt(n), np.sqrt(n / determinant), k1 / n


@compiled_strictly
def _solve(matrix, reading):
    """Lt by Cholesky's method, and the center; the last column is the right-hand side."""
    components = len(matrix)
    factor, right = np.zeros((components, components)), np.empty(components)
    for a in range(components):
        for b in range(a + 1):
            rest = matrix[a, b]
            for j in range(b):
                rest -= factor[a, j] * factor[b, j]
            factor[a, b] = np.sqrt(max(rest, _TINY)) if a == b else rest / factor[b, b]
    for a in range(components):
        rest = matrix[a, components]
        for j in range(a):
            rest -= factor[a, j] * right[j]
        right[a] = rest / factor[a, a]
    for a in range(components - 1, -1, -1):
        rest = right[a]
        for j in range(a + 1, components):
            rest -= factor[j, a] * right[j]
        right[a] = rest / factor[a, a]
    for a in range(components):
        reading.center[a] = _F4(right[a])
        for b in range(components):
            reading.factor[a, b] = _F4(factor[a, b])


@compiled_strictly
def _new_reference(features, log_y, precision, nodes, log_model):
    """Fill in the model of these features whose mass and dust fit best."""
    n, k1, k2, y0, y1 = 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(len(log_y)):
        shape = 0.0
        for j in range(nodes.basis.shape[1]):
            shape += nodes.basis[i, j] * np.float64(features[j])
        log_model[i] = nodes.mean[i] + nodes.unit * shape
        w, k = precision[i], nodes.curve[i]
        rest = log_y[i] - log_model[i]
        n, k1, k2, y0, y1 = n + w, k1 + w * k, k2 + w * k * k, y0 + w * rest, y1 + w * k * rest
    determinant = n * k2 - k1 * k1
    level, tilt = (k2 * y0 - k1 * y1) / determinant, (n * y1 - k1 * y0) / determinant
    for i in range(len(log_y)):
        log_model[i] += level + tilt * nodes.curve[i]


def _read_all_even(flux, sigma, careful, log_models, nodes, readings, log_y, precision):
    """Fill in ln y and w around references, and readings, where the noise is the same fraction of all models."""
    for galaxy in range(len(flux)):
        _expand(flux[galaxy], sigma[galaxy], nodes.unit, careful, log_models[galaxy], log_y[galaxy], precision[galaxy])
        _read_even(log_y[galaxy], nodes, one_of(readings, galaxy))


def _read_all_weighted(flux, sigma, careful, log_models, nodes, readings, log_y, precision):
    """The same with any noise."""
    for galaxy in range(len(flux)):
        _expand(flux[galaxy], sigma[galaxy], nodes.unit, careful, log_models[galaxy], log_y[galaxy], precision[galaxy])
        _read_weighted(log_y[galaxy], precision[galaxy], nodes, one_of(readings, galaxy))


def _new_references(features, log_y, precision, nodes, log_models):
    """Fill in the models of galaxies' features whose mass and dust fit best."""
    for galaxy in range(len(features)):
        _new_reference(features[galaxy], log_y[galaxy], precision[galaxy], nodes, log_models[galaxy])


first_references = compiled_strictly(_first_references, nogil=True)
new_references = compiled_strictly(_new_references, nogil=True)
read_all_even = compiled_strictly(_read_all_even, nogil=True)
read_all_weighted = compiled_strictly(_read_all_weighted, nogil=True)
