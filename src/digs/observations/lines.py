"""Spectral lines by name, which users may hide."""

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
from astropy import constants

from digs.base.errors import DigsError

# rest wavelengths in vacuum, Angstrom (NIST Atomic Spectra Database)
LINES = {
    "[OII]": (3727.09, 3729.88),
    "[NeIII]": (3869.86, 3968.59),
    "Hdelta": (4102.89,),
    "Hgamma": (4341.69,),
    "[OIII]": (4960.30, 5008.24),
    "Hbeta": (4862.69,),
    "HeI": (5877.25,),
    "NaD": (5891.58, 5897.56),
    "[OI]": (6302.05, 6365.54),
    "[NII]": (6549.86, 6585.27),
    "Halpha": (6564.61,),
    "[SII]": (6718.29, 6732.67),
    "[SIII]": (9071.1, 9533.2),
    "CaII": (8500.36, 8544.44, 8664.52),
}

HALF_WIDTH = 800.0  # km/s on both sides of a line

_C_KMS = constants.c.to_value("km / s")


def line_pixels(wavelength: np.ndarray, redshift: float, lines: str | Iterable[Any]) -> np.ndarray:
    """Return which pixels lie on lines, shape (pixels,).

    Args:
        wavelength: in vacuum, observed frame, Angstrom, shape (pixels,).
        redshift: of the galaxy.
        lines: names of LINES, within 800 km/s of which pixels count, ranges such as "5880-5910" or (5880, 5910) in
            Angstrom, vacuum, of the rest frame; or one text with commas between them; "all" for all names.
    Raises:
        DigsError: a line is not known or a range is none.

    Example:
        >>> import numpy as np
        >>> from digs.observations.lines import line_pixels
        >>> line_pixels(np.array([6500.0, 6560.0, 6600.0]), 0.0, "Halpha, 6590-6610").tolist()
        [False, True, True]
    """
    rest = wavelength / (1 + redshift)
    wanted = [part.strip() for part in lines.split(",")] if isinstance(lines, str) else list(lines)
    found = np.zeros(rest.shape, bool)
    for low, high in [span for each in wanted for span in _spans(each)]:
        found |= (low <= rest) & (rest <= high)
    return found


def _spans(given: Any) -> list[tuple[float, float]]:
    names = {name.lower(): centres for name, centres in LINES.items()}
    if isinstance(given, str):
        if given.lower() == "all" or given.lower() in names:
            centres = sum(LINES.values(), ()) if given.lower() == "all" else names[given.lower()]
            return [(centre * (1 - HALF_WIDTH / _C_KMS), centre * (1 + HALF_WIDTH / _C_KMS)) for centre in centres]
        given = re.split(r"\s*-\s*", given) if re.fullmatch(r"[\d.]+\s*-\s*[\d.]+", given) else given
    try:
        low, high = (float(each) for each in given)
    except (TypeError, ValueError):
        low, high = np.nan, np.nan
    if not 0 < low < high < np.inf:
        raise DigsError(
            f"The line {str(given)[:40]!r} is not known; give a range in Angstrom as 5880-5910, all, or one of "
            f"{', '.join(LINES)}."
        )
    return [(low, high)]
