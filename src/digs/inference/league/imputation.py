"""Spectra as a network knows them in the place of noisier ones with gaps: the nearest-neighbour method of SBI++.

SBI++ (Wang et al. 2023, ApJL 952 L10, section 3, and the authors' code sbi_pp.py) lets a network that was trained for
one kind of noise see others:

- Values of what is missing are drawn, each by itself, from kernel density estimates (of width 0.2, by neighbours'
  weights 1 / distance) of the training spectra that are near in all that is seen.
- Values noisier than in training are drawn from normal distributions around what is seen, of its sigma, cut off where
  no near training spectrum is.

Near are training spectra of a reduced chi^2 of 5 or less, or as many times 5 as it takes for enough of them. Of the
network's posteriors of many such stand-ins together are the method's. Here values are fluxes. All values of a stand-in
have to be inside their limits together, in SBI++ by rejection; as they are independent, each is drawn inside its own.
"""

import math

import numpy as np
from scipy.special import ndtr, ndtri

_STEP = 5.0  # of the reduced chi^2 that near spectra have
_LARGEST = 5000.0  # reduced chi^2, beyond which limits are those of all training spectra
_NEAR_GAPS, _NEAR_NOISE = 30, 10  # near spectra, at least, for gaps and for limits
_KERNEL = 0.2  # width in standard deviations


class TrainingSpectra:
    """Training spectra of a network, among which neighbours are looked for.

    Args:
        flux: of spectra with the noise of the training, all positive, (K, pixels), single precision.
        fraction: sigma of that noise in units of the flux.

    Example:
        >>> import numpy as np
        >>> from digs.inference.league.imputation import TrainingSpectra
        >>> level = np.linspace(1, 2, 1000, dtype=np.float32)
        >>> training = TrainingSpectra(np.repeat(level[:, None], 10, 1), fraction=0.05)
        >>> flux, sigma = np.full(10, 1.5), np.full(10, 0.05)
        >>> flux[3], sigma[3] = 0, np.inf  # a gap
        >>> found = training.stand_ins(flux, sigma, 50, np.random.default_rng(1))
        >>> found.shape, bool((abs(found - 1.5) < 0.2).all())
        ((50, 10), True)
    """

    def __init__(self, flux: np.ndarray, fraction: float):
        self.flux, self.fraction = flux, fraction
        self._squares = np.square(flux)

    def stand_ins(self, flux: np.ndarray, sigma: np.ndarray, number: int, random: np.random.Generator) -> np.ndarray:
        """Return so many spectra, (number, pixels), that may stand in for one.

        Args:
            flux: of the one, (pixels,), any finite value in gaps; sigma: of its noise, (pixels,), inf in gaps.
        """
        seen = np.isfinite(sigma)
        noisy = seen & (sigma > self.fraction * flux)
        found = np.tile(flux, (number, 1)).astype(float)
        if (~seen).any():
            found[:, ~seen] = self._in_gaps(flux, sigma, seen, number, random)
        if noisy.any():
            low, high = self._limits(flux, sigma, noisy)
            center, scale = flux[noisy].astype(float), sigma[noisy].astype(float)
            ends = ndtr((low - center) / scale), ndtr((high - center) / scale)
            unit = ends[0] + random.random((number, noisy.sum())) * (ends[1] - ends[0])
            found[:, noisy] = np.clip(center + scale * ndtri(unit), low, high)
        return found

    def reduced_chi_squared(self, flux: np.ndarray, sigma: np.ndarray, pixels: np.ndarray) -> np.ndarray:
        """Return chi^2 of all training spectra over the number of pixels, (K,)."""
        weight = np.where(pixels, sigma, np.inf).astype(float) ** -2
        expected = np.where(pixels, flux, 0.0)
        unit = np.float64(np.mean(self.flux[0]))  # so that nothing is out of range in single precision
        squares = (self._squares / unit**2) @ (weight * unit**2).astype(np.float32)
        products = (self.flux / unit) @ (weight * unit * expected).astype(np.float32)
        return (squares.astype(float) - 2 * products + (weight * expected**2).sum()) / pixels.sum()

    def _in_gaps(
        self, flux: np.ndarray, sigma: np.ndarray, seen: np.ndarray, number: int, random: np.random.Generator
    ) -> np.ndarray:
        chi_squared = self.reduced_chi_squared(flux, sigma, seen)
        least = np.partition(chi_squared, min(_NEAR_GAPS, len(chi_squared)) - 1)[:_NEAR_GAPS].max()
        near = self.flux[chi_squared <= _in_steps(least)]
        distance = np.linalg.norm((near - flux)[:, seen].astype(float), axis=1)
        weight = 1 / np.maximum(distance, np.finfo(float).tiny)
        weight /= weight.sum()
        there = np.log(near[:, ~seen].astype(float))
        spread = np.sqrt(weight @ np.square(there - weight @ there))
        shape = (number, there.shape[1])
        chosen = random.choice(len(near), shape, p=weight)
        values = np.take_along_axis(there, chosen, 0) + _KERNEL * spread * random.standard_normal(shape)
        return np.exp(values)

    def _limits(self, flux: np.ndarray, sigma: np.ndarray, noisy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The least and the greatest flux of near training spectra in noisy pixels, the seen one between them."""
        chi_squared = self.reduced_chi_squared(flux, sigma, noisy)
        close = chi_squared <= _LARGEST
        training, distance, here = self.flux[close][:, noisy], chi_squared[close], flux[noisy]
        if len(distance) >= _NEAR_NOISE:
            below = np.where(training < here, distance[:, None], np.inf).min(0)
            above = np.where(training > here, distance[:, None], np.inf).min(0)
            least = max(below.max(), above.max(), np.partition(distance, _NEAR_NOISE - 1)[_NEAR_NOISE - 1])
            if _in_steps(least) <= _LARGEST:
                near = training[distance <= _in_steps(least)]
                return near.min(0).astype(float), near.max(0).astype(float)
        return self.flux[:, noisy].min(0).astype(float), self.flux[:, noisy].max(0).astype(float)


def _in_steps(chi_squared: float) -> float:
    """The first limit of reduced chi^2 that is not below a value."""
    return _STEP * max(1.0, math.ceil(chi_squared / _STEP)) if math.isfinite(chi_squared) else math.inf
