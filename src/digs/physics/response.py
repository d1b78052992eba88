"""What an instrument makes of each part of a galaxy, dust within the line-spread function included."""

from dataclasses import dataclass

import numpy as np

from digs.physics.dust import calzetti
from digs.physics.instrument import Instrument
from digs.physics.stored_populations import StoredPopulations

DUST = 0.55  # dust2, the middle of the prior's: that of the attenuation within the line-spread function


_UNSEEN = 1e-20  # per Angstrom: what does not reach the pixels; a line inside of them has 1e-5 or more


@dataclass(frozen=True)
class Response:
    """L_lambda in the pixels, all with the attenuation of DUST relative to that at the pixel.

    curve: optical depth per unit of dust2 at the pixels, shape (pixels,).
    seen: which lines reach a pixel, shape (lines,).
    stars: of the singular vectors, shape (components, pixels).
    gas: of the lines that are seen and of the continuum at its few wavelengths, shape (quantities, pixels).
    gas_change: the same, by the change of -ln attenuation with dust2, relative to that at the pixel.
    """

    curve: np.ndarray
    seen: np.ndarray
    stars: np.ndarray
    gas: np.ndarray
    gas_change: np.ndarray

    @classmethod
    def of(cls, instrument: Instrument, redshift: float, stored: StoredPopulations) -> "Response":
        """Return the response to the populations of a galaxy at a redshift.

        Raises:
            DigsError: as of Instrument.response.
        """
        populations = stored.product
        native, centres = populations["wavelength"], populations["line_wavelength"]
        curve, line_curve = calzetti(native), calzetti(centres)
        pixel_curve = calzetti(instrument.rest_wavelength(redshift))
        matrix = instrument.response(native, populations["resolution"], redshift)
        dust, undo = np.exp(-DUST * curve)[:, None], np.exp(DUST * pixel_curve)[:, None]
        stars = matrix @ (populations["basis"].T * dust) * undo
        shape = populations["continuum_shape"].T * dust
        continuum = matrix @ shape * undo
        lines = instrument.line_response(centres, redshift)
        if lines is None:
            lines = matrix @ stored.profiles.T
        lines = lines * np.exp(-DUST * line_curve) * undo
        seen = lines.max(0) > _UNSEEN
        change = matrix @ (shape * curve[:, None]) * undo - pixel_curve[:, None] * continuum
        line_change = lines * (line_curve - pixel_curve[:, None])
        gas = np.concatenate([lines[:, seen], continuum], 1)
        return cls(pixel_curve, seen, stars.T, gas.T, np.concatenate([line_change[:, seen], change], 1).T)
