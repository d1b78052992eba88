r"""Components of galaxies' spectra, in which any spectrum of any spectrograph can be described.

What a posterior depends on are the derivatives J of the spectrum after each parameter, mass and dispersion included,
in units of the noise (digs.flows.information): of a galaxy, the columns of J (J^T J + P)^{-1/2}, with the width of the
prior in P. The components are the first singular vectors of these columns of many galaxies, observed with more or less
noise. They need not be exact, since they only say what a network sees of a spectrum.
"""

from dataclasses import dataclass, fields

import numpy as np
import torch
from astropy import constants
from scipy.sparse.linalg import eigsh

from digs.base.random_streams import generator
from digs.physics.instrument import Instrument
from digs.physics.line_spread import REACH
from digs.physics.linear.linear_model import LinearModel
from digs.physics.linear.shapes import QUANTILE
from digs.physics.linear.spectrum_coefficients import SpectrumCoefficients
from digs.physics.linear.wide_prior import RANGES, WidePrior
from digs.physics.stored_populations import stored_populations

_KMS = constants.c.to_value("km / s")


_STEP_KMS = 100.0  # between wavelengths


_NEAR = 1e-3  # the redshift at which galaxies are described; it only has to be above 0


_WIDTHS = 8  # dispersions, equally far apart in their logarithm


_STEP = 0.004  # of finite differences, in units of the prior's ranges


_SIGNAL = (5.0, 80.0)  # signal-to-noise per 40 Angstrom


@dataclass(frozen=True)
class GalaxyComponents:
    """Components, and the amounts of them in galaxies of the prior.

    wavelength: rest frame, vacuum, Angstrom, ascending, shape (wavelengths,).
    components: F_lambda, shape (components, wavelengths), float32.
    pool: amounts in galaxies of any mass, shape (galaxies, components), float64.

    Example:
        >>> from digs.inference.general.galaxy_components import GalaxyComponents
        >>> found = GalaxyComponents.of(number=5, galaxies=48, seed=1)
        >>> found.pool.shape, found.components.shape[0]
        ((48, 5), 5)
    """

    wavelength: np.ndarray
    components: np.ndarray
    pool: np.ndarray

    @classmethod
    def of(cls, number: int, galaxies: int, seed: int) -> "GalaxyComponents":
        """Return the components of so many galaxies of the wide prior.

        Args:
            number: of components, fewer than galaxies.
            galaxies: that they are made from.
            seed: of these.
        """
        wavelength = _wavelengths()
        every, random = SpectrumCoefficients(free_gas=True), generator(seed, "galaxies")
        theta = WidePrior(every.names).sample(galaxies, random)
        signal = _SIGNAL[0] * (_SIGNAL[1] / _SIGNAL[0]) ** torch.rand(galaxies, generator=random).numpy()
        spectra, derivatives = _spectra(wavelength, every, theta)
        even = 1 / np.quantile(spectra, QUANTILE, axis=0)
        even /= even.mean()
        level = np.sqrt(((spectra * even) ** 2).mean(1))
        metric = even * np.sqrt(np.gradient(wavelength) / 40.0)  # which makes the noise the same in all pixels
        spectra *= metric / level[:, None]
        derivatives *= metric / level[:, None, None]
        rows = np.concatenate([_needed(*each) for each in zip(derivatives, signal, strict=True)])
        vectors = eigsh((rows.T @ rows).astype(float), k=number, v0=np.ones(len(wavelength)))[1][:, ::-1]
        pool = spectra @ vectors
        size = np.sqrt((pool**2).mean(0))
        return cls(wavelength, (vectors * size / metric[:, None]).T.astype(np.float32), (pool / size).astype(float))

    def tensors(self) -> dict[str, torch.Tensor]:
        """Return all of it by name, as networks are kept."""
        return {each.name: torch.as_tensor(np.ascontiguousarray(getattr(self, each.name))) for each in fields(self)}


def _wavelengths() -> np.ndarray:
    native, broadest = stored_populations().product["wavelength"], 10 ** RANGES["logdispersion"][1]
    margin = 1.1 * REACH * broadest / _KMS
    steps = (np.log(native[-1] / native[0]) - 2 * margin) * _KMS / _STEP_KMS
    return native[0] * np.exp(margin + np.arange(int(steps)) * _STEP_KMS / _KMS)


def _spectra(
    wavelength: np.ndarray, coefficients: SpectrumCoefficients, theta: torch.Tensor
) -> tuple[np.ndarray, np.ndarray]:
    """F_lambda of a solar mass, (N, wavelengths), and derivatives in units of the prior's ranges, (N, 8, wavelengths).

    The first derivative is that after ln mass, the last that after the dispersion.
    """
    prior, rest = WidePrior(coefficients.names), Instrument(wavelength * (1 + _NEAR), sigma_kms=0.0)
    low, high = RANGES["logdispersion"]
    number, columns = theta.shape
    step = _STEP * (prior.high - prior.low)
    theta = torch.minimum(torch.maximum(theta, prior.low + step), prior.high - step)
    amounts = coefficients(theta).numpy()
    changes = []
    for place in range(1, columns):
        one = torch.zeros(columns, dtype=theta.dtype)
        one[place] = step[place]
        changes.append((coefficients(theta + one) - coefficients(theta - one)).numpy() / (2 * _STEP))
    width = np.arange(number) % _WIDTHS
    spectra = np.empty((number, len(wavelength)))
    derivatives = np.empty((number, columns + 1, len(wavelength)))
    for place, logdispersion in enumerate(np.linspace(low, high, _WIDTHS)):
        model, more = (LinearModel.of(rest, _NEAR, 10 ** (logdispersion + dex)) for dex in (0.0, 0.01))
        rows = np.flatnonzero(width == place)
        seen = np.append(np.arange(coefficients.shapes), coefficients.shapes + model.lines)
        own = amounts[rows][:, seen]
        spectra[rows] = own @ model.matrix.T
        for column, change in enumerate(changes, start=1):
            derivatives[rows, column] = change[rows][:, seen] @ model.matrix.T
        derivatives[rows, -1] = own @ (more.matrix - model.matrix).T * ((high - low) / 0.01)
    derivatives[:, 0] = spectra
    level = spectra.mean(1)
    spectra /= level[:, None]
    derivatives /= level[:, None, None]
    return spectra.astype(np.float32), derivatives.astype(np.float32)


def _needed(derivative: np.ndarray, signal: float) -> np.ndarray:
    """The columns that a galaxy needs, as rows, of derivatives in units of the noise at signal-to-noise 1."""
    information = signal**2 * (derivative @ derivative.T).astype(float)
    prior = np.diag([0.0, *[12.0] * (len(derivative) - 1)])
    values, vectors = np.linalg.eigh(information + prior)
    return ((vectors / np.sqrt(values)) @ vectors.T @ derivative * signal).astype(np.float32)
