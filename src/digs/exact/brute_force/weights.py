"""The likelihood of draws, by compiled code: exact (digs.exact.likelihood), with either kind of noise."""

import math

import numpy as np

from digs.base.compilation import compiled_strictly, in_parts
from digs.base.elementary import log2

_HALF_LN_2_PI = math.log(2 * math.pi) / 2


_LN_2 = math.log(2)


@compiled_strictly
def _total(terms):
    """The sum of terms, of which there are fours, four at a time."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    for k in range(0, len(terms), 4):
        a, b, c, d = a + terms[k], b + terms[k + 1], c + terms[k + 2], d + terms[k + 3]
    return (a + b) + (c + d)


def _fill(flux, sigma, fraction, spectra, found):
    """ln L, (G, draws), of fluxes, (G, n), with sigmas, (G, n), inf in gaps, or (G, 0): then a fraction of the model.

    spectra: (G, draws, n).
    """
    pixels = spectra.shape[2]
    terms = np.zeros((pixels + 3) // 4 * 4)
    for galaxy in range(len(flux)):
        given, seen = sigma.shape[1] > 0, 0
        constant = 0.0
        for k in range(sigma.shape[1]):
            if sigma[galaxy, k] < np.inf:
                constant -= math.log(sigma[galaxy, k])
                seen += 1
        constant -= (seen if given else pixels) * _HALF_LN_2_PI
        for draw in range(spectra.shape[1]):
            model = spectra[galaxy, draw]
            if given:
                for k in range(pixels):
                    pull = (flux[galaxy, k] - np.float64(model[k])) / sigma[galaxy, k]
                    terms[k] = 0.5 * pull * pull
            else:
                for k in range(pixels):
                    pull = (flux[galaxy, k] / np.float64(model[k]) - 1) / fraction
                    terms[k] = 0.5 * pull * pull + _LN_2 * log2(model[k])
            found[galaxy, draw] = constant - _total(terms)
            if not given:
                found[galaxy, draw] -= pixels * math.log(fraction)


_fill_without_lock = compiled_strictly(_fill, nogil=True)


def log_likelihoods(flux: np.ndarray, sigma: np.ndarray, fraction: float, spectra: np.ndarray) -> np.ndarray:
    """Return ln L, shape (G, draws), float64.

    Args:
        flux: (G, n), float64.
        sigma: (G, n), float64, inf in gaps; or (G, 0) where the noise is a fraction of the model flux.
        spectra: of the model, (G, draws, n), of single precision.
    """
    found = np.empty(spectra.shape[:2])

    def fill(rows: slice) -> None:
        _fill_without_lock(flux[rows], sigma[rows], fraction, spectra[rows], found[rows])

    in_parts(fill, len(flux), 1)
    return found
