r"""The posterior density of one spectrum with either kind of noise, in coordinates in which the mass stands alone.

phi is theta with logmass less that of the mass A that fits best, given the other parameters. With x the data, m the
model of one solar mass, and sums over pixels, A maximises the likelihood where

    sigma is given:       A = \sum x m / sigma^2 / \sum m^2 / sigma^2
    sigma = f A m:        1 / A = [R + sqrt(R^2 + 4 n f^2 S)] / (2 S),    R = \sum x / m,   S = \sum (x / m)^2

In theta the posterior is a thin curved sheet, in phi it is flat (as in digs.exact.likelihood). The Jacobian is 1.
"""

import numpy as np
import torch

from digs.config.theta import MASS
from digs.exact.brute_force.weights import log_likelihoods
from digs.physics.compiled_spectra import CompiledSpectra
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

WINDOW = 0.5  # dex, either side of the mass that fits best, outside which the density counts as 0
_AT_ONCE = 20_000  # spectra, to bound memory


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
        >>> bool(abs(phi[0, 0]) < 1e-5), bool(abs(density.theta(phi) - theta).max() < 1e-12)
        (True, True)
    """

    def __init__(self, spectra: CompiledSpectra | Simulator, prior: Prior, flux: np.ndarray, noise: np.ndarray | float):
        self._spectra, self._prior = spectra, prior
        given = np.ndim(noise) > 0
        self._fraction = 0.0 if given else float(noise)
        self._sigma = np.asarray(noise if given else np.empty(0), float)
        self._flux = np.asarray(flux, float)
        self.low, self.high = prior.low.double().numpy().copy(), prior.high.double().numpy().copy()
        self._log_prior = -np.log(self.high - self.low).sum()
        self.low[MASS], self.high[MASS] = -WINDOW, WINDOW

    def theta(self, phi: np.ndarray) -> np.ndarray:
        """Return the theta of phi, shape (N, 5), whose other parameters lie inside the prior."""
        theta = np.array(phi, float)
        for rows in self._parts(np.arange(len(theta))):
            theta[rows, MASS] += self._best_mass(self._models(theta[rows]))
        return theta

    def phi(self, theta: np.ndarray) -> np.ndarray:
        """Return the phi of theta, shape (N, 5): the inverse of the method theta."""
        phi = np.array(theta, float)
        phi[:, MASS] = 2 * phi[:, MASS] - self.theta(phi)[:, MASS]
        return phi

    def __call__(self, phi: np.ndarray) -> np.ndarray:
        """Return ln L + ln prior, shape (N,); -inf outside the prior.

        Args:
            phi: shape (N, 5).
        """
        found = np.full(len(phi), -np.inf)
        inside = np.flatnonzero(((phi >= self.low) & (phi <= self.high)).all(1))
        for rows in self._parts(inside):
            theta = np.array(phi[rows], float)
            models = self._models(theta)
            theta[:, MASS] += self._best_mass(models)
            models *= (10 ** theta[:, MASS, None]).astype(models.dtype)
            log_likelihood = log_likelihoods(self._flux[None], self._sigma[None], self._fraction, models[None])[0]
            allowed = self._prior.contains(torch.as_tensor(theta)).numpy()
            found[rows] = np.where(allowed, log_likelihood + self._log_prior, -np.inf)
        return found

    def _parts(self, rows: np.ndarray) -> list[np.ndarray]:
        return np.split(rows, range(_AT_ONCE, len(rows), _AT_ONCE)) if len(rows) else []

    def _models(self, theta: np.ndarray) -> np.ndarray:
        """Spectra of one solar mass."""
        of_one = theta.copy()
        of_one[:, MASS] = 0.0
        return self._spectra(of_one).numpy()

    def _best_mass(self, models: np.ndarray) -> np.ndarray:
        """log10 of A, (N,)."""
        m = models.astype(float)
        if len(self._sigma):
            weight = self._sigma**-2.0
            # sums of whole rows, as products of matrices depend on their company; and no negative mass
            amount = (m * (weight * self._flux)).sum(1).clip(min=0) / (m * m * weight).sum(1)
            return np.log10(np.maximum(amount, np.finfo(float).tiny))
        ratio = self._flux / m
        first, second = ratio.sum(1), np.square(ratio).sum(1)
        root = np.sqrt(first**2 + 4 * len(self._flux) * self._fraction**2 * second)
        return np.log10(2 * second / (first + root))
