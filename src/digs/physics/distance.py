"""From the luminosity of a galaxy to what is observed, in the WMAP9 cosmology."""

import math

from astropy import units
from astropy.cosmology import WMAP9

SOLAR_LUMINOSITY = 3.846e33  # erg / s: Prospector's (prospect.sources.constants), as both simulators must share it


def dimming(redshift: float) -> float:
    """Return F_lambda in erg/s/cm^2/Angstrom, observed frame, of L_lambda = 1 Lsun/Angstrom in the rest frame.

    Example:
        >>> from digs.physics.distance import dimming
        >>> f"{dimming(0.1):.2e}"
        '1.36e-23'
    """
    distance = WMAP9.luminosity_distance(redshift).to_value(units.cm)
    return SOLAR_LUMINOSITY / (4 * math.pi * distance**2 * (1 + redshift))
