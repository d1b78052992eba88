"""What headers, and other lists of words with values, say of a spectrum."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from digs.base.errors import DigsError
from digs.observations.printable import printable

_REDSHIFT = ("REDSHIFT", "ZSPEC", "Z_SPEC", "ZBEST", "Z_BEST")  # Z alone is a metallicity or a magnitude, too

_RESOLUTION = ("SPEC_RES", "RESOLUTION", "SPECRES")

_NAME = ("OBJECT", "NAME", "SRCNAME", "TARGNAME")

_LONGEST = 80  # letters of a text

_BARYCENTRE = {"BARYCENT", "HELIOCEN", "BARYCENTRIC", "HELIOCENTRIC"}


@dataclass(frozen=True)
class HeaderFacts:
    """Facts of one spectrum; None where nothing is said."""

    redshift: float | None
    resolution: float | None
    sigma_kms: float | None
    medium: str | None
    light: str | None
    name: str
    notes: tuple[str, ...]
    doubts: Mapping[str, str]


def header_facts(file: str, *headers: Mapping[str, Any]) -> HeaderFacts:
    """Return what headers say, the first that says something counting; of what contradicts itself, that it does.

    Args:
        file: what messages call it.
        headers: words with values, in upper or lower case: FITS headers, or attributes of other files.
    Raises:
        DigsError: the wavelengths are at rest in the galaxy.
    """
    words: dict[str, Any] = {}
    for header in headers:
        for key, value in header.items():
            words.setdefault(str(key).upper(), value)
    notes: list[str] = []
    doubts: dict[str, str] = {}
    number = lambda option, keys, least, most: _number(words, keys, least, most, option, doubts)
    frame = _text(words, "SPECSYS").upper()
    if frame == "SOURCE":
        raise DigsError(
            f"{file} has wavelengths in the galaxy's rest frame (SPECSYS); give the spectrum as it was observed."
        )
    if frame and frame not in _BARYCENTRE:
        notes.append(
            f"The wavelengths are not those at the solar system's barycentre (SPECSYS is {frame[:20]}); give "
            "barycentric_kms, up to 30 km/s, to correct them."
        )
    return HeaderFacts(
        number("redshift", _REDSHIFT, -0.01, 50.0),
        number("resolution", _RESOLUTION, 1.0, 1e7),
        number("sigma_kms", ("SIGMA_KMS",), 0.0, 1e5),
        _medium(words, doubts),
        _text(words, "LIGHT").lower() or None,
        next((text for key in _NAME if (text := _text(words, key))), ""),
        tuple(notes),
        doubts,
    )


def plain_number(given: Any) -> float:
    """Return a number, which may be written in letters.

    Raises:
        TypeError, ValueError: it is none; truth values are none, nor are digits with underscores, which Python alone
            leaves out.

    Example:
        >>> from digs.observations.header_facts import plain_number
        >>> plain_number("1.5e3")
        1500.0
    """
    if isinstance(given, bool | np.bool_) or "_" in str(given):
        raise ValueError(f"{given!r} is no number")
    return float(given)


def _text(words: Mapping[str, Any], key: str) -> str:
    value = words.get(key, "")
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    return printable(value, _LONGEST) if isinstance(value, str) else ""


def _number(
    words: Mapping[str, Any], keys: Iterable[str], least: float, most: float, option: str, doubts: dict[str, str]
) -> float | None:
    found = {}
    for key in keys:
        try:
            value = plain_number(words[key])
        except (KeyError, TypeError, ValueError):
            continue
        if math.isfinite(value) and least <= value <= most:
            found[key] = value
    if max(found.values(), default=0) - min(found.values(), default=0) > 1e-4 * max(found.values(), default=0):
        doubts[option] = " and ".join(f"{key} {value:g}" for key, value in found.items())
        return None
    return next(iter(found.values()), None)


def _medium(words: Mapping[str, Any], doubts: dict[str, str]) -> str | None:
    said = {
        "air": {"AIR"} & {_text(words, key).upper() for key in ("MEDIUM", "AIRORVAC")},
        "vacuum": {"VACUUM", "VAC"} & {_text(words, key).upper() for key in ("MEDIUM", "AIRORVAC")},
    }
    if isinstance(words.get("VACUUM"), bool):
        said["vacuum" if words["VACUUM"] else "air"] |= {"VACUUM"}
    axis = _text(words, "CTYPE1").upper()
    media = {medium for medium, found in said.items() if found}
    media |= {medium for start, medium in (("AWAV", "air"), ("WAVE-", "vacuum")) if axis.startswith(start)}
    if len(media) > 1:
        doubts["medium"] = "air and vacuum"
        return None
    return next(iter(media), None)
