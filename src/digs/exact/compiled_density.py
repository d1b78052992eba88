"""Levels and likelihoods of spectra by compiled code, one spectrum at a time.

As in digs.physics.compiled_spectra, what a point gets depends on it and on its galaxy alone, to the bit.
"""

import math

import numpy as np
import torch
from torch import Tensor

from digs.base.compilation import compiled_strictly, in_parts
from digs.base.elementary import log2, power_of_ten
from digs.exact.likelihood import PosteriorDensity, RelativeDensity

_LOG10_2 = math.log10(2)


_HALF, _LN_2, _HALF_LN_2_PI = np.float32(0.5), np.float32(math.log(2)), math.log(2 * math.pi) / 2


_PART = 1024  # spectra that a thread takes at a time


@compiled_strictly
def _sum(values):
    """The sum, in an order that leaves the processor four additions to do at a time."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    fours = len(values) // 4 * 4
    for k in range(0, fours, 4):
        a, b, c, d = a + values[k], b + values[k + 1], c + values[k + 2], d + values[k + 3]
    for k in range(fours, len(values)):
        a += values[k]
    return (a + b) + (c + d)


def _levels(spectra, found):
    """The mean of log10 of spectra over pixels, (N,), of spectra, (N, pixels)."""
    pixels = spectra.shape[1]
    terms = np.empty(pixels)
    for row in range(len(spectra)):
        for k in range(pixels):
            terms[k] = log2(spectra[row, k])
        found[row] = _sum(terms) / pixels * _LOG10_2


def _log_likelihoods(spectra, logmass, flux, galaxy, fraction, found):
    """ln L (exact.likelihood), (N,), of data, (galaxies, pixels), by spectra of one solar mass, (N, pixels)."""
    pixels = spectra.shape[1]
    terms = np.empty(pixels)
    for row in range(len(spectra)):
        mass, of_data = np.float32(power_of_ten(logmass[row])), galaxy[row]
        for k in range(pixels):
            error = fraction * (mass * spectra[row, k])
            pull = (flux[of_data, k] - mass * spectra[row, k]) / error
            terms[k] = _HALF * pull * pull + _LN_2 * log2(error)
        found[row] = -_sum(terms) - pixels * _HALF_LN_2_PI


_fill_levels = compiled_strictly(_levels, nogil=True)
_fill_log_likelihoods = compiled_strictly(_log_likelihoods, nogil=True)


class CompiledDensity(RelativeDensity):
    """A RelativeDensity in which a point of a galaxy has the same value, to the bit, whatever is evaluated beside it.

    Args:
        density: of CompiledSpectra, with the noise of the model.
    """

    def __init__(self, density: PosteriorDensity):
        super().__init__(density)
        self._flux, self._fraction = density.flux.numpy(), np.float32(density.fraction)

    def _level(self, spectra: Tensor) -> Tensor:
        given, found = spectra.contiguous().numpy(), np.empty(len(spectra))
        in_parts(lambda rows: _fill_levels(given[rows], found[rows]), len(given), _PART)
        return torch.from_numpy(found)

    def _log_likelihood(self, model: Tensor, logmass: Tensor, galaxy: Tensor) -> Tensor:
        given, found = (model.numpy(), logmass.numpy(), galaxy.numpy()), np.empty(len(model))

        def fill(rows: slice) -> None:
            spectra, mass, which = (part[rows] for part in given)
            _fill_log_likelihoods(spectra, mass, self._flux, which, self._fraction, found[rows])

        in_parts(fill, len(found), _PART)
        return torch.from_numpy(found)
