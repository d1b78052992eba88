"""Prospector's spectra as seen by somebody who takes the redshift for zero. Needs SPS_HOME.

A pixel then shows what lies at its wavelength / (1 + redshift). Narrow lines fall on other pixels, which no
interpolation between pixels could tell, so each galaxy is simulated on the moved pixels of all redshifts.
"""

from collections.abc import Sequence

import numpy as np

from digs.config.model import NebularGas, Spectrum
from digs.sps.prospector import Prospector


class MovedPixels(Prospector):
    """Prospector on the pixels of several redshifts, one after the other.

    Args:
        settings: pixels, smoothing and the redshift that is taken away.
        gas: its metallicity and ionisation.
        redshifts: that are left.
    Raises:
        DigsError: SPS_HOME is missing or incomplete.
    """

    def __init__(self, settings: Spectrum, gas: NebularGas, redshifts: Sequence[float]):
        super().__init__(settings, gas)
        self.redshifts = len(redshifts)
        self.wavelength = (self.wavelength / (1 + np.array(redshifts)[:, None])).ravel()
        self._observation["wavelength"] = self.wavelength

    def __call__(self, theta: np.ndarray) -> np.ndarray:
        """Return F_lambda in erg/s/cm^2/Angstrom, shape (redshifts, pixels), of theta, shape (5,)."""
        return super().__call__(theta).reshape(self.redshifts, -1)
