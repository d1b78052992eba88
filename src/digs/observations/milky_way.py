"""Dust of the Milky Way, whose light loss in a spectrum is undone by a law of the package dust_extinction."""

import numpy as np
from astropy import units

from digs.base.errors import DigsError
from digs.base.inputs import real_number

RATIO = 3.1  # A(V) / E(B-V), the mean of diffuse clouds

LAWS = ("G23", "F99", "F19", "CCM89", "O94", "M14")

_MOST = 10.0  # mag; beyond, E(B-V) is no magnitude, or no galaxy is seen


def check_law(law: str) -> None:
    """Refuse a law that is not known.

    Raises:
        DigsError: it is none of LAWS.
    """
    if law not in LAWS:
        raise DigsError(f"The law of the Milky Way's dust is {str(law)[:40]!r}; give one of {', '.join(LAWS)}.")


def brightening(wavelength: np.ndarray, ebv: float, law: str = "G23") -> np.ndarray:
    """Return by what fluxes are multiplied to undo the Milky Way's dust, shape (pixels,).

    Args:
        wavelength: in vacuum, observed frame, Angstrom, shape (pixels,).
        ebv: E(B-V) in mag towards the galaxy, with R(V) = 3.1.
        law: "G23" (Gordon et al. 2023, ApJ 950, 86; 912 Angstrom to 32 micron), or another of dust_extinction's that
            depend on R(V) alone, for instance "F99" (Fitzpatrick 1999).
    Raises:
        DigsError: E(B-V) is no number from 0 to 10, or the law is unknown or does not reach so far.

    Example:
        >>> import numpy as np
        >>> from digs.observations.milky_way import brightening
        >>> (2.5 * np.log10(brightening(np.array([5500.0]), 0.1))).round(2).tolist()
        [0.31]
    """
    ebv = real_number(ebv, "E(B-V)", 0.0)
    if ebv > _MOST:
        raise DigsError(f"E(B-V) is {ebv:g}; give magnitudes, {_MOST:g} or less.")
    check_law(law)
    from dust_extinction import parameter_averages

    model = getattr(parameter_averages, law)(Rv=RATIO)
    try:
        extinction = model(wavelength * units.Angstrom)
    except ValueError:
        low, high = sorted(1e4 / np.array(model.x_range))
        raise DigsError(
            f"The law {law} of the Milky Way's dust holds from {low:.0f} to {high:.0f} Angstrom; give another."
        ) from None
    return 10 ** (0.4 * RATIO * ebv * np.asarray(extinction))
