r"""The posterior density of one spectrum with either kind of noise, in coordinates in which the mass stands alone.

Given the other parameters, the posterior of ln A, the mass, is nearly a normal distribution, cut off by the prior: with
x the data, m the model of one solar mass and sums over pixels, the likelihood is largest at

    sigma is given:       A = \sum x m / sigma^2 / \sum m^2 / sigma^2
    sigma = f A m:        1 / A = [R + sqrt(R^2 + 4 n f^2 S)] / (2 S),    R = \sum x / m,   S = \sum (x / m)^2

and there, or at the end of the prior if that is nearer, it has the slope g and the curvature c in ln A, so that its
mean is ln A + g / c and its variance 1 / c:

    sigma is given:       g = A \sum (x - A m) m / sigma^2,      c = A^2 \sum m^2 / sigma^2
    sigma = f A m:        g = (S / A^2 - R / A) / f^2 - n,       c = S / (A f)^2 + n

phi is theta with the cumulative probability of that distribution, from 0 to 1, in the place of logmass. In theta the
posterior is a thin curved sheet, and may be cut off obliquely; in phi it is nearly uniform along its first axis. Within
EDGE of 0 and of 1, seven standard deviations away, numbers are too coarse, and the density counts as 0.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import log_ndtr, ndtri_exp

from digs.config.theta import MASS
from digs.exact.brute_force.weights import log_likelihoods
from digs.physics.compiled_spectra import CompiledSpectra
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

EDGE = 1e-12  # of cumulative probabilities
_AT_ONCE = 20_000  # spectra, to bound memory
_LN10 = np.log(10)
_LEAST = np.finfo(float).tiny  # of masses


class _Masses(NamedTuple):
    """Normal distributions of logmass between two ends, (N,) each.

    mean, std: before they are cut off; sign: -1 where the lower end lies above the mean, and the distribution is looked
    at from the other side; lower, upper: ln of the cumulative probabilities of the ends, seen from the side of `sign`.
    """

    mean: np.ndarray
    std: np.ndarray
    sign: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    @classmethod
    def between(cls, mean: np.ndarray, std: np.ndarray, low: float, high: float) -> "_Masses":
        first, last = (low - mean) / std, (high - mean) / std
        sign = np.where(first > 0, -1.0, 1.0)
        lower, upper = np.where(first > 0, -last, first), np.where(first > 0, -first, last)
        return cls(mean, std, sign, log_ndtr(lower), log_ndtr(upper))

    def at(self, share: np.ndarray) -> np.ndarray:
        """Return logmass by its cumulative probability."""
        seen = np.where(self.sign > 0, share, 1 - share)
        with np.errstate(divide="ignore"):
            log_p = np.logaddexp(self.lower + np.log1p(-seen), self.upper + np.log(seen))
        return self.mean + self.sign * self.std * ndtri_exp(log_p)

    def share(self, logmass: np.ndarray) -> np.ndarray:
        """Return the cumulative probability of logmass."""
        log_p = log_ndtr(self.sign * (logmass - self.mean) / self.std)
        log_p = np.clip(log_p, self.lower, self.upper)
        seen = np.exp(log_p - self.upper) * np.expm1(self.lower - log_p) / np.expm1(self.lower - self.upper)
        return np.where(self.sign > 0, seen, 1 - seen)

    def log_prob(self, logmass: np.ndarray) -> np.ndarray:
        """Return ln of the density in logmass."""
        log_total = self.upper + np.log(-np.expm1(self.lower - self.upper))
        pull = (logmass - self.mean) / self.std
        return -0.5 * np.square(pull) - np.log(np.sqrt(2 * np.pi) * self.std) - log_total


class PixelDensity:
    """ln L(theta) + ln prior(theta) of one spectrum over arrays of phi.

    What a point gets does not depend, by a bit, on others, if the spectra are compiled ones.

    Args:
        spectra: of the model.
        prior: of theta.
        flux: observed F_lambda, shape (pixels,), any finite value in gaps.
        noise: sigma of each pixel, shape (pixels,), inf in gaps; or a number, the standard deviation in units of the
            model's flux.

    Example:
        >>> import numpy as np, torch, digs
        >>> from digs.config import load_params
        >>> from digs.exact.pixel_density import PixelDensity
        >>> from digs.physics import Prior
        >>> from digs.physics.compiled_spectra import CompiledSpectra
        >>> simulator, theta = digs.Simulator(), np.array([[10.5, -0.4, 0.6, 1.6, -0.9]])
        >>> flux = simulator(theta).double().numpy()[0]
        >>> density = PixelDensity(CompiledSpectra(simulator), Prior.over(load_params().prior), flux, 0.1 * flux)
        >>> phi = density.phi(theta)
        >>> bool(abs(phi[0, 0] - 0.5) < 1e-3), bool(abs(density.theta(phi) - theta).max() < 1e-12)
        (True, True)
    """

    def __init__(self, spectra: CompiledSpectra | Simulator, prior: Prior, flux: np.ndarray, noise: np.ndarray | float):
        self._spectra, self._prior = spectra, prior
        given = np.ndim(noise) > 0
        self._fraction = 0.0 if given else float(noise)
        self._sigma = np.asarray(noise if given else np.empty(0), float)
        self._flux = np.asarray(flux, float)
        self._ends = prior.low.double().numpy(), prior.high.double().numpy()
        self._log_prior = -np.log(self._ends[1] - self._ends[0]).sum()
        self.low, self.high = (ends.copy() for ends in self._ends)
        self.low[MASS], self.high[MASS] = EDGE, 1 - EDGE

    def theta(self, phi: np.ndarray) -> np.ndarray:
        """Return the theta of phi, shape (N, 5), inside the prior."""
        theta = np.array(phi, float)
        for rows in self._parts(np.arange(len(theta))):
            theta[rows, MASS] = self._logmass(self._masses(self._models(theta[rows])), theta[rows, MASS])
        return theta

    def phi(self, theta: np.ndarray) -> np.ndarray:
        """Return the phi of theta, shape (N, 5), inside the prior: the inverse of the method theta."""
        phi = np.array(theta, float)
        for rows in self._parts(np.arange(len(phi))):
            phi[rows, MASS] = self._masses(self._models(phi[rows])).share(phi[rows, MASS])
        return phi

    def __call__(self, phi: np.ndarray) -> np.ndarray:
        """Return ln of likelihood times prior times |d theta / d phi|, shape (N,); -inf outside the prior.

        Args:
            phi: shape (N, 5).
        """
        found = np.full(len(phi), -np.inf)
        inside = np.flatnonzero(((phi >= self.low) & (phi <= self.high)).all(1))
        for rows in self._parts(inside):
            models = self._models(np.array(phi[rows], float))
            masses = self._masses(models)
            logmass = self._logmass(masses, phi[rows, MASS])
            models *= (10 ** logmass[:, None]).astype(models.dtype)
            log_likelihood = log_likelihoods(self._flux[None], self._sigma[None], self._fraction, models[None])[0]
            found[rows] = log_likelihood + self._log_prior - masses.log_prob(logmass)
        return found

    def _parts(self, rows: np.ndarray) -> list[np.ndarray]:
        return np.split(rows, range(_AT_ONCE, len(rows), _AT_ONCE)) if len(rows) else []

    def _models(self, theta: np.ndarray) -> np.ndarray:
        """Spectra of one solar mass."""
        of_one = theta.copy()
        of_one[:, MASS] = 0.0
        return self._spectra(of_one).numpy()

    def _logmass(self, masses: _Masses, share: np.ndarray) -> np.ndarray:
        return masses.at(share.clip(EDGE, 1 - EDGE)).clip(
            self._ends[0][MASS], self._ends[1][MASS]
        )  # as rounding may overstep the ends

    def _masses(self, models: np.ndarray) -> _Masses:
        """The distributions of logmass given the other parameters. Sums are of whole rows, in the same order always."""
        low, high = (end[MASS] for end in self._ends)
        m = models.astype(float)
        if len(self._sigma):
            weight = self._sigma**-2.0
            first, second = (m * (weight * self._flux)).sum(1), (m * m * weight).sum(1)
            mass = np.clip(np.maximum(first / second, _LEAST), 10**low, 10**high)
            slope, curvature = mass * first - mass**2 * second, mass**2 * second
        else:
            pixels, ratio = len(self._flux), self._flux / m
            first, second = ratio.sum(1), np.square(ratio).sum(1)
            root = np.sqrt(first**2 + 4 * pixels * self._fraction**2 * second)
            mass = np.clip(2 * second / (first + root), 10**low, 10**high)
            slope = (second / mass**2 - first / mass) / self._fraction**2 - pixels
            curvature = second / (mass * self._fraction) ** 2 + pixels
        mean = np.log(mass) + slope / curvature
        return _Masses.between(mean / _LN10, curvature**-0.5 / _LN10, low, high)
