"""Columns of tables that are known by their names: wavelength, flux, sigma, mask."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy import constants, units

from digs.base.errors import DigsError
from digs.observations.header_facts import HeaderFacts
from digs.observations.raw_spectrum import RawSpectrum, sigma_of
from digs.observations.spectral_units import FLUX, is_flux_density, read_unit

NAMES = {
    "wavelength": "wavelength wavelengths wave waves lambda lam wl wlen wave_air wave_vac wavelength_air "
    "wavelength_vac wavelength_vacuum lambda_air lambda_vac spectral_axis",
    "log10_wavelength": "loglam log_lam log_wave logwave log10_wavelength",
    "flux": "flux fluxes f_lambda flam f_lam flambda f_nu fnu flux_density fluxdensity spec spectrum",
    "sigma": "sigma err error errors flux_err flux_error fluxerr fluxerror e_flux eflux flux_sigma sigma_flux "
    "uncertainty flux_uncertainty unc std stdev noise stat_error",
    "ivar": "ivar inverse_variance invvar flux_ivar",
    "variance": "variance var flux_variance flux_var",
    "mask": "mask and_mask flags flag dq quality qual bad badpix",
    "good": "good valid good_pixels",
    "resolution": "resolution resolving_power spec_res",
    "sigma_kms": "sigma_kms lsf_kms",
    "fwhm": "fwhm lsf_fwhm",
}

_ROLES = {name: role for role, names in NAMES.items() for name in names.split()}

_NOISE = {"sigma": 1, "ivar": -2, "variance": 2}  # with the power of the flux's unit that each has

_POWERS = {1: "", -2: "the power -2 of ", 2: "the square of "}

_FILL = ("_FillValue", "missing_value")

_C_KMS = constants.c.to_value("km / s")


@dataclass(frozen=True)
class Column:
    """A column: its unit as the file spells it, and a function that reads its values."""

    unit: Any
    values: Callable[[], Any]


def roles_of(file: str, names: list[str], chosen: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the name of the column of each role that a table has.

    Args:
        file: what messages call it.
        names: of the columns.
        chosen: names that the user gives, by role.
    Raises:
        DigsError: a column that was chosen is not there, or two have names of one role, or one name.

    Example:
        >>> from digs.observations.columns import roles_of
        >>> roles_of("a.csv", ["wave (Angstrom)", "FLUX", "err"])
        {'wavelength': 'wave (Angstrom)', 'flux': 'FLUX', 'sigma': 'err'}
    """
    found: dict[str, str] = {}
    for role, name in (chosen or {}).items():
        if role not in NAMES:
            raise DigsError(f"columns names {role!r}; it may name {', '.join(NAMES)}.")
        if name not in names:
            shown = ", ".join(names[:20]) if names else "none"
            raise DigsError(f"{file} has no column {name!r}; its columns are {shown[:200]}.")
        found[role] = name
    given = set(found) | (set(_NOISE) if set(_NOISE) & set(found) else set())
    times = Counter(names)
    for name in names:
        bare = re.sub(r"[(\[].*", "", name).strip().lower()
        role = _ROLES.get(re.sub(r"\W+", "_", bare).strip("_"))
        if role is not None and times[name] > 1:
            raise DigsError(f"{file} has {times[name]} columns called {name!r}; give every column its own name.")
        if role is None or role in given or name in found.values():
            continue
        if role in found:
            raise DigsError(
                f"{file} has two columns for the {role}, {found[role]!r} and {name!r}; give columns={{{role!r}: NAME}}."
            )
        found[role] = name
    noise = [role for role in _NOISE if role in found]
    if len(noise) > 1:
        shown = " and ".join(repr(found[role]) for role in noise)
        raise DigsError(f"{file} has the noise twice, {shown}; give columns={{{noise[0]!r}: {found[noise[0]]!r}}}.")
    return found


def unit_in_name(name: str) -> str:
    """Return the unit that stands in brackets after a column's name, "" where there is none."""
    found = re.search(r"[(\[](.*)[)\]]\s*$", name)
    return found[1] if found else ""


def raw_of_columns(
    file: str, table: Mapping[str, Column], facts: HeaderFacts, chosen: Mapping[str, str] | None = None
) -> RawSpectrum:
    """Return the spectrum of a table's columns.

    Args:
        file: what messages call it.
        table: columns by name.
        facts: what the file's header says.
        chosen: names of columns that the user gives, by role.
    Raises:
        DigsError: columns are missing, ambiguous, of different lengths, or hold other things than numbers.
    """
    roles = roles_of(file, list(table), chosen)
    axis = next((role for role in ("wavelength", "log10_wavelength") if role in roles), None)
    for role, there in (("wavelength", axis), ("flux", roles.get("flux"))):
        if there is None:
            shown = ", ".join(list(table)[:20])[:200] or "none"
            raise DigsError(
                f"{file} has no column that is known as the {role} (its columns: {shown}); give "
                f"columns={{{role!r}: NAME}}."
            )
    numbers = {role: column_numbers(file, name, table[name].values()) for role, name in roles.items()}
    wavelength = numbers[axis]
    for role, values in numbers.items():
        if values.shape != wavelength.shape:
            raise DigsError(f"{file} has {len(wavelength)} wavelengths, but {len(values)} numbers in {roles[role]!r}.")
    if axis == "log10_wavelength":
        with np.errstate(over="ignore"):
            wavelength = 10**wavelength
    unit = {role: table[name].unit for role, name in roles.items()}
    unit["wavelength"] = unit["wavelength"] if axis == "wavelength" else "Angstrom"
    resolution, sigma_kms = facts.resolution, facts.sigma_kms
    if "resolution" in roles:
        resolution = numbers["resolution"]
    elif "sigma_kms" in roles:
        resolution, sigma_kms = None, numbers["sigma_kms"]
    elif "fwhm" in roles:
        resolution = _resolution_of_fwhm(file, numbers["fwhm"], wavelength, unit)
    noise = next((role for role in _NOISE if role in numbers), None)
    sigma, sigma_unit = (None, None) if noise is None else sigma_of_noise(file, noise, numbers[noise], unit[noise])
    media = {_medium_in_name(roles[axis]), facts.medium} - {None}
    return RawSpectrum(
        wavelength,
        numbers["flux"],
        sigma,
        _hidden(numbers),
        unit["wavelength"],
        unit["flux"],
        sigma_unit,
        next(iter(media)) if len(media) == 1 else None,
        facts.redshift,
        resolution,
        sigma_kms,
        facts.light,
        facts.name,
        facts.notes,
        {**facts.doubts, **({"medium": "air and vacuum"} if len(media) > 1 else {})},
    )


def column_numbers(file: str, name: str, values: Any) -> np.ndarray:
    """Return a column as float64, nan where it is masked; nothing is unpickled or evaluated.

    Raises:
        DigsError: it holds other things than real numbers.
    """
    masked = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
    found = np.asarray(values)
    if found.dtype.kind not in "iufb" or found.ndim != 1:
        raise DigsError(f"{file} has no list of real numbers in {name!r}; save it as numbers.")
    found = found.astype(float)
    return found if masked is None else np.where(masked, np.nan, found)


def unpacked(values: Any, words: Mapping[str, Any]) -> Any:
    """Return numbers as attributes of the CF conventions (section 8) say that they are to be read.

    Args:
        values: as they are stored.
        words: attributes: scale_factor, add_offset, _FillValue and missing_value, which stand for no number.
    Raises:
        DigsError: one of these is no number.
    """
    said = {name: words[name] for name in ("scale_factor", "add_offset", *_FILL) if name in words}
    if not said or np.asarray(values).dtype.kind not in "iuf":
        return values
    try:
        said = {name: float(np.asarray(value).item()) for name, value in said.items()}
    except (TypeError, ValueError):
        raise DigsError(f"The attributes {', '.join(said)} are no numbers; correct them.") from None
    stored = np.asarray(values).astype(float)
    none = np.isin(stored, [said[name] for name in _FILL if name in said])
    return np.where(none, np.nan, stored * said.get("scale_factor", 1.0) + said.get("add_offset", 0.0))


def sigma_of_noise(file: str, role: str, values: np.ndarray, unit: Any) -> tuple[np.ndarray, Any]:
    """Return the standard deviations that noise is, and their own unit; None if the noise has none.

    Args:
        file: what messages call it.
        role: "sigma", "ivar" or "variance".
        values: of the noise.
        unit: of these, as the file spells it.
    Raises:
        DigsError: the unit is unknown, or none that such noise of a flux density can have.

    Example:
        >>> import numpy as np
        >>> from digs.observations.columns import sigma_of_noise
        >>> sigma, unit = sigma_of_noise("a.csv", "variance", np.array([4.0]), "uJy2")
        >>> sigma.tolist(), str(unit)
        ([2.0], 'uJy')
    """
    power = _NOISE[role]
    if role == "ivar":
        values = sigma_of(values)
    if role == "variance":
        with np.errstate(invalid="ignore"):
            values = np.sqrt(values)
    own = read_unit(unit, f"The {role} of {file}", "flux_unit")
    if own is None or own == units.dimensionless_unscaled:
        return values, None
    try:
        root = own ** (1 / power)
        fits = is_flux_density(root)
    except (units.UnitsError, units.UnitTypeError, AttributeError, TypeError):
        fits = False
    if not fits:
        raise DigsError(
            f"The {role} of {file} has the unit '{own}'; give it in {_POWERS[power]}a flux density, for instance "
            f"'{FLUX**power}'."
        )
    return values, root


def _hidden(numbers: Mapping[str, np.ndarray]) -> np.ndarray:
    """Pixels whose mask is not 0, whatever its bits mean, or that are not good."""
    hidden = np.zeros(numbers["flux"].shape, bool)
    if "mask" in numbers:
        hidden |= numbers["mask"] != 0
    if "good" in numbers:
        hidden |= ~(numbers["good"] > 0)
    return hidden


def _resolution_of_fwhm(file: str, fwhm: np.ndarray, wavelength: np.ndarray, unit: Mapping[str, Any]) -> np.ndarray:
    own = read_unit(unit["fwhm"], f"The FWHM of {file}", "resolution")
    along = read_unit(unit["wavelength"], f"The wavelength of {file}", "wavelength_unit")
    if own is not None and own.is_equivalent(units.km / units.s):
        return _C_KMS / (fwhm * own.to(units.km / units.s))
    if own is None or along is None or not own.is_equivalent(along):
        raise DigsError(f"{file} has a column of the FWHM whose unit is not clear; give resolution or sigma_kms.")
    return wavelength / (fwhm * own.to(along))


def _medium_in_name(name: str) -> str | None:
    words = set(re.split(r"[^a-z]+", name.lower()))
    return "air" if "air" in words else "vacuum" if words & {"vac", "vacuum"} else None
