"""Units of wavelengths and of flux densities, as people and archives spell them."""

import re
from typing import Any

import numpy as np
from astropy import units

from digs.base.errors import DigsError

FLUX = units.erg / units.s / units.cm**2 / units.Angstrom

_DENSITIES = (FLUX, units.Jy)  # F_lambda and F_nu

_LONGEST = 120  # characters that a unit may have

# spellings that astropy does not know, or takes for another unit (A is its ampere)
_SPELLINGS = (
    (r"(?:angstroms?|angs?|aa|a)\b\.?", "Angstrom"),
    (r"(?:microns?|micrometers?|mum|um)\b", "um"),
    (r"nanometers?\b", "nm"),
    (r"ergs\b", "erg"),
    (r"(?:sec|secs|seconds?)\b", "s"),
    (r"jansky\b", "Jy"),
)

_POWER_OF_TEN = re.compile(
    r"\s*(?:10\s*(?:\*\*|\^)\s*\(?\s*(?P<power>[+-]?\d{1,3})\s*\)?|(?P<number>\d+(?:\.\d*)?(?:e[+-]?\d{1,3})?))"
    r"\s*[*.x]?\s*(?=[a-z(])",
    re.IGNORECASE,
)


_BRACKETED = re.compile(r"\((?P<inner>(?:[^()]|\([^()]*\))*)\)\s*(?:(?:\*\*|\^)\s*\(?(?P<power>[+-]?[1-9])\)?)?")


def read_unit(text: Any, name: str, option: str) -> units.UnitBase | None:
    """Return the unit that a text names; None where it says nothing.

    Args:
        text: a unit, or what a file calls it.
        name: what messages call the quantity, for instance "The flux of galaxy.fits".
        option: by which a user can give the unit.
    Raises:
        DigsError: astropy knows no such unit.

    Example:
        >>> from digs.observations.spectral_units import read_unit
        >>> read_unit("10**(-17).erg.cm**(-2).s**(-1).angstrom**(-1)", "The flux", "flux_unit").to_string()
        '1e-17 erg / (Angstrom s cm2)'
    """
    if isinstance(text, units.UnitBase):
        return text
    if isinstance(text, bytes):
        text = text.decode("ascii", "replace")
    given = str(text or "").strip()
    if not given:
        return None
    bracketed = _BRACKETED.fullmatch(given) if len(given) <= _LONGEST else None  # as MUSE's unit of the variance is
    if bracketed and (inner := read_unit(bracketed["inner"], name, option)) is not None:
        return inner ** int(bracketed["power"] or 1)
    factor, rest = 1.0, given
    if found := _POWER_OF_TEN.match(given):
        factor = 10.0 ** int(found["power"]) if found["power"] else float(found["number"])
        rest = given[found.end() :]
    for spelling, usual in _SPELLINGS:
        rest = re.sub(rf"(?<![A-Za-z]){spelling}", usual, rest, flags=re.IGNORECASE)
    rest = rest.replace("^", "**").replace("[", "").replace("]", "")
    if rest.strip() and len(given) <= _LONGEST and np.isfinite(factor) and factor > 0:
        for form in ("generic", "fits", "ogip", "cds"):
            try:
                return units.Unit(factor * units.Unit(rest, format=form))
            except Exception:  # its parsers raise whatever they meet
                continue
    shown = given if len(given) <= 40 else f"{given[:40]}..."
    raise DigsError(f"{name} has the unit {shown!r}, which astropy does not know; give {option}.")


def to_angstrom(wavelength: np.ndarray, unit: Any) -> np.ndarray:
    """Return wavelengths in Angstrom; without a unit they are.

    Raises:
        DigsError: the unit is logarithmic, or none of length.
    """
    if unit is None:
        return wavelength
    try:
        return wavelength * _linear(unit).to(units.Angstrom)
    except (units.UnitConversionError, units.UnitTypeError, AttributeError, TypeError):
        raise DigsError(f"The wavelengths have the unit '{unit}'; give them in Angstrom, nm or micron.") from None


def flux_factor(unit: Any, wavelength: np.ndarray, name: str = "flux") -> np.ndarray:
    """Return what makes F_lambda in erg/s/cm2/Angstrom of a flux density in some unit, shape (pixels,).

    Args:
        unit: of F_lambda or F_nu.
        wavelength: in vacuum, Angstrom, shape (pixels,).
        name: of what has the unit.
    Raises:
        DigsError: the unit is logarithmic, or none of a flux density.
    """
    try:
        if not is_flux_density(unit):  # astropy would convert lambda F_lambda and photons, too
            raise units.UnitConversionError
        return (np.ones(len(wavelength)) * unit).to_value(FLUX, units.spectral_density(wavelength * units.Angstrom))
    except (units.UnitConversionError, units.UnitTypeError, AttributeError, TypeError):
        raise DigsError(
            f"The {name} has the unit '{unit}'; give a flux density, F_lambda or F_nu, in erg/s/cm2/Angstrom or Jy, "
            "for instance."
        ) from None


def is_flux_density(unit: Any) -> bool:
    """Return whether a unit is one of F_lambda or F_nu, and not of lambda F_lambda or of photons.

    Example:
        >>> from astropy import units
        >>> from digs.observations.spectral_units import is_flux_density
        >>> is_flux_density(units.Unit("mJy")), is_flux_density(units.Unit("erg / (s cm2)"))
        (True, False)
    """
    return any(_linear(unit).is_equivalent(density) for density in _DENSITIES)


def _linear(unit: Any) -> Any:
    """The unit, if it is not logarithmic: numbers in mag(AB) or dex(Angstrom) are no multiples of a 1."""
    if isinstance(unit, units.function.FunctionUnitBase):
        raise units.UnitTypeError
    return unit
