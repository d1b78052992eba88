"""The part of a spectrum that the populations can speak of: inside their wavelengths, and no finer than they are."""

from dataclasses import dataclass

import numpy as np
from astropy import constants
from scipy.sparse import csr_array, issparse

from digs.base.errors import DigsError
from digs.observations.spectrum import Spectrum
from digs.physics.instrument import Instrument
from digs.physics.line_spread import REACH
from digs.physics.stored_populations import StoredPopulations

_C_KMS = constants.c.to_value("km / s")
_FWHM = 2 * np.sqrt(2 * np.log(2))  # of a Gaussian of dispersion 1
_TYPICAL = 200.0  # km/s, of a galaxy's stars, which make its spectrum as smooth as many populations are
_LOST = 1e-3  # of the light that a resolution matrix brings to a pixel, from pixels that are left out
_FEWEST = 10  # pixels, from which a posterior is made
_FASTEST = 3000.0  # km/s, the dispersion up to which the simulator is made


@dataclass(frozen=True)
class ModelPixels:
    """A spectrum's pixels that are compared with the model.

    places: of the first and behind the last pixel in the spectrum.
    instrument: that of these pixels.
    flux, sigma: shape (pixels,); sigma is infinite where a pixel does not count.
    notes: sentences on what was left out.
    """

    places: slice
    instrument: Instrument
    flux: np.ndarray
    sigma: np.ndarray
    notes: tuple[str, ...]

    @classmethod
    def of(cls, spectrum: Spectrum, stored: StoredPopulations, broadest: float) -> "ModelPixels":
        """Return those of a spectrum.

        Args:
            spectrum: with a redshift above 0.
            stored: the populations.
            broadest: dispersion of a galaxy that the model shall reach, in km/s.
        Raises:
            DigsError: hardly any pixel is left.
        """
        native, own_kms = stored.product["wavelength"], np.abs(stored.product["resolution"])
        rest = spectrum.wavelength / (1 + spectrum.redshift)
        instrument_kms = _instrument_kms(spectrum)
        reach = REACH * np.hypot(instrument_kms, broadest) / _C_KMS
        step = np.gradient(np.log(rest))  # more than half a pixel
        inside = (rest * np.exp(-reach - step) > native[0]) & (rest * np.exp(reach + step) < native[-1])
        hidden, notes = np.isinf(spectrum.sigma), []
        beyond = int((~inside & ~hidden).sum())
        if beyond:
            notes.append(f"{beyond} pixels beyond the wavelengths of the populations were left out.")
        if spectrum.sigma_kms is None:
            coarse = np.interp(rest, native, own_kms) > np.hypot(instrument_kms, _TYPICAL)
            if finer := int((coarse & inside & ~hidden).sum()):
                notes.append(
                    f"{finer} pixels were left out where the populations are coarser than the spectrum of a galaxy of "
                    f"{_TYPICAL:.0f} km/s."
                )
            hidden = hidden | coarse
        counted = np.flatnonzero(inside & ~hidden)
        if len(counted) < _FEWEST:
            raise DigsError(
                f"The number of pixels of the spectrum that can be compared with the model is {len(counted)} "
                f"({rest[0]:.0f} to {rest[-1]:.0f} Angstrom at rest), and {_FEWEST} or more are needed; see its mask, "
                "redshift and resolution."
            )
        edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(int)))
        places = slice(max(counted[0], edges[0]), min(counted[-1] + 1, edges[-1]))
        resolution = spectrum.resolution
        lost = np.zeros(len(rest), bool)
        if issparse(resolution):
            resolution, lost = _cut(csr_array(resolution), places)
        elif resolution is not None:
            resolution = resolution[places]
        sigma_kms = None if spectrum.sigma_kms is None else spectrum.sigma_kms[places]
        sigma = np.where(hidden | ~inside | lost, np.inf, spectrum.sigma)[places]
        instrument = Instrument(spectrum.wavelength[places], sigma_kms, resolution)
        return cls(places, instrument, spectrum.flux[places], sigma, tuple(notes))


def _instrument_kms(spectrum: Spectrum) -> np.ndarray:
    """The dispersion of the line-spread function in km/s, shape (pixels,); 0 where it is a matrix."""
    if spectrum.sigma_kms is not None:
        return np.asarray(spectrum.sigma_kms)
    if spectrum.resolution is None or issparse(spectrum.resolution):
        return np.zeros(spectrum.pixels)
    return _C_KMS / (np.asarray(spectrum.resolution) * _FWHM)


def broadest_galaxy(spectrum: Spectrum, wanted: float) -> float:
    """Return the largest dispersion in km/s, up to `wanted`, that the simulator is made for on this spectrograph."""
    room = _FASTEST**2 - float(_instrument_kms(spectrum).max()) ** 2
    return min(wanted, 0.99 * np.sqrt(max(room, 0.0)))


def _cut(matrix: csr_array, places: slice) -> tuple[csr_array, np.ndarray]:
    """The part of a resolution matrix, and which pixels of all lose light by it."""
    kept = csr_array(matrix[places][:, places])
    lost = np.zeros(matrix.shape[0], bool)
    whole, part = abs(matrix[places]).sum(1), abs(kept).sum(1)
    lost[places] = part < (1 - _LOST) * whole
    return kept, lost
