r"""Spectra whose posterior is known to be right if ranks are uniform: all of theta is drawn from the prior.

The noise is s / S, with S the signal-to-noise, uniform in its logarithm, and s what the galaxy has. So for any given
noise the mass is uniform in its logarithm, as in the prior, and nothing else that is known beforehand (pixels, gaps,
the shape of the noise, redshift) says anything of theta. A spectrum belongs to a cell by what is observed of it, so
that choosing it takes nothing away from the prior either (Talts et al. 2018).

For the same reason the dispersion is not that by which the way to observe was drawn, whose pixels tell it. So pixels
are kept that sample the line-spread function itself, and with it a galaxy of any dispersion.

Calibration, floor, lines and redshift err around the true spectrum, as the likelihood has it.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from astropy import constants

from digs.base.errors import DigsError
from digs.base.random_streams import generator, stream
from digs.exact.normal.moments import CoefficientMoments
from digs.exact.normal.nuisances import Nuisances, covariance_modes, relative_modes
from digs.exact.normal.spectrum_density import DISPERSION
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.galaxy_search import reachable_pixels
from digs.inference.engine.model_pixels import ModelPixels
from digs.inference.general.alike_pairs import in_levels
from digs.inference.general.galaxy_components import GalaxyComponents
from digs.inference.general.spectrographs import random_sight
from digs.inference.general.wiener_summary import Sight
from digs.inference.general_check.cells import Cell
from digs.observations.spectrum import Spectrum
from digs.physics.instrument import Instrument
from digs.physics.linear.linear_model import LinearModel
from digs.physics.linear.spectrum_coefficients import SpectrumCoefficients
from digs.physics.linear.wide_prior import WidePrior

_BEYOND = 2.0  # times the ends of a cell, to which the true signal-to-noise goes
_TRIES = 1000
_LEVEL = 1e-17  # erg/s/cm2/Angstrom, of a spectrum of which only the pixels count
_WIDEST = 1.2  # pixel, in units of the dispersion of the line-spread function
_KMS = constants.c.to_value("km / s")
_FWHM = 2 * np.sqrt(2 * np.log(2))  # of a Gaussian of dispersion 1
WINDOW = 40.0  # Angstrom, of a signal-to-noise


@dataclass(frozen=True)
class MadeGalaxy:
    """A spectrum and its truth.

    spectrum: as it is observed.
    settings: what is assumed of it: the dispersion where it is known, and the error of the redshift.
    names: of the columns of theta, shape (columns,).
    theta: the truth, shape (columns,).
    signal: signal-to-noise per 40 Angstrom as observed.
    tries: after how many the spectrum was in its cell.
    """

    spectrum: Spectrum
    settings: EngineSettings
    names: tuple[str, ...]
    theta: np.ndarray
    signal: float
    tries: int


class GalaxyMaker:
    """Galaxies of the prior on random spectrographs.

    Args:
        components: that say how noise goes with the flux, as in the training of the general network.
        settings: of the engine, to which what is known of each galaxy is added.
        seed: of all galaxies.
        nuisances: of all spectra; by default each has those of its way to observe.
    """

    def __init__(
        self, components: GalaxyComponents, settings: EngineSettings, seed: int, nuisances: Nuisances | None = None
    ):
        self._components, self._settings, self._seed, self._nuisances = components, settings, seed, nuisances
        self._coefficients = SpectrumCoefficients(free_gas=True)
        self._moments = CoefficientMoments.of(self._coefficients)

    def made(self, cell: Cell, number: int) -> MadeGalaxy:
        """Return a galaxy of a cell, by its number.

        Raises:
            DigsError: no spectrum comes to lie in the cell.
        """
        for attempt in range(1, _TRIES + 1):
            key = f"{cell.name}/{number}/{attempt}"
            random = stream(self._seed, "made spectra", key.encode())
            sight, _ = random_sight(random, cell.chances)
            if not _sampled(sight.instrument):
                continue
            prior = WidePrior((*self._coefficients.names, DISPERSION), sight.redshift)
            theta = prior.sample(1, generator(self._seed, f"theta of {key}"))
            sight = replace(sight, logdispersion=None if sight.logdispersion is None else theta[0, -1].item())
            low, high = np.log(cell.signal)
            wanted = np.exp(random.uniform(low - np.log(_BEYOND), high + np.log(_BEYOND)))
            sight = in_levels(sight, self._components, random.random())
            flat = _spectrum(sight, np.full(sight.instrument.pixels, _LEVEL))
            try:
                pixels = reachable_pixels(flat, self._assumed(sight))
            except DigsError:  # hardly any pixel can be compared
                continue
            spectrum, signal = self._observed(sight, pixels, theta, wanted, random)
            if cell.signal[0] <= signal < cell.signal[1]:
                return MadeGalaxy(spectrum, self._assumed(sight), prior.names, theta[0].numpy(), signal, attempt)
        raise DigsError(f"None of {_TRIES} spectra has {cell.name}; see general_validation.signal in params.yaml.")

    def _assumed(self, sight: Sight) -> EngineSettings:
        """The settings of the engine for a galaxy."""
        dispersion = None if sight.logdispersion is None else 10**sight.logdispersion
        return replace(self._settings, dispersion=dispersion, nuisances=self._nuisances_of(sight))

    def _nuisances_of(self, sight: Sight) -> Nuisances:
        return sight.nuisances if self._nuisances is None else self._nuisances

    def _observed(
        self, sight: Sight, pixels: ModelPixels, theta: torch.Tensor, wanted: float, random: np.random.Generator
    ) -> tuple[Spectrum, float]:
        """The spectrum of one theta, (1, columns), and its signal-to-noise; only pixels that are compared have flux."""
        seen, shape = np.isfinite(pixels.sigma), pixels.sigma[np.isfinite(pixels.sigma)]
        model = LinearModel.of(pixels.instrument, sight.redshift, 10 ** theta[0, -1].item())
        own = (10 ** theta[0, 0] * self._coefficients.with_lines(model.lines)(theta[:, :-1])[0]).numpy()
        true = model.matrix[seen] @ own
        share = np.sqrt(WINDOW / np.gradient(pixels.instrument.wavelength))[seen]
        sigma = shape * np.median(true / shape * share) / wanted
        flux = true + self._errors(model, seen, own, self._nuisances_of(sight), random)
        flux += sigma * random.standard_normal(len(true))
        places = np.arange(sight.instrument.pixels)[pixels.places][seen]
        values = np.zeros((2, sight.instrument.pixels))
        values[:, places] = flux, sigma
        found = _spectrum(replace(sight, sigma=np.where(values[1] > 0, values[1], np.inf)), values[0])
        return found, float(np.median(flux / sigma * share))

    def _errors(
        self, model: LinearModel, seen: np.ndarray, own: np.ndarray, nuisances: Nuisances, random: np.random.Generator
    ) -> np.ndarray:
        """Errors of calibration, populations, lines and redshift, shape (pixels,)."""
        shapes, rest = self._coefficients.shapes, model.wavelength[seen]
        true = model.matrix[seen] @ own
        modes = covariance_modes(true, relative_modes(nuisances, rest), rest, model.redshift, nuisances)
        scatter = self._moments.strong(model.lines) * nuisances.lines * own[shapes:]
        lines = model.matrix[seen, shapes:] @ (scatter * random.standard_normal(len(scatter)))
        return modes @ random.standard_normal(modes.shape[1]) + lines


def _sampled(instrument: Instrument) -> bool:
    """Whether pixels are no wider than those of the general network's training are for a galaxy of hardly any width."""
    spread = instrument.sigma_kms if instrument.resolution is None else _KMS / (instrument.resolution * _FWHM)
    width = _KMS * np.gradient(np.log(instrument.wavelength))
    return bool(np.median(width / spread) <= _WIDEST)


def _spectrum(sight: Sight, flux: np.ndarray) -> Spectrum:
    """A spectrum of some flux, shape (pixels,)."""
    instrument = sight.instrument
    spread = {"sigma_kms": instrument.sigma_kms, "resolution": instrument.resolution}
    hidden = ~sight.seen
    sigma = np.where(hidden, 1.0, sight.sigma)
    return Spectrum(instrument.wavelength, flux, sigma, hidden, redshift=sight.redshift, **spread)
