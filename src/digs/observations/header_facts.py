"""What headers, and other lists of words with values, say of a spectrum."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from digs.base.errors import DigsError

_REDSHIFT = ("REDSHIFT", "ZSPEC", "Z_SPEC", "ZBEST", "Z_BEST", "Z")

_RESOLUTION = ("SPEC_RES", "RESOLUTION", "SPECRES")

_NAME = ("OBJECT", "NAME", "SRCNAME", "TARGNAME")

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


def header_facts(file: str, *headers: Mapping[str, Any]) -> HeaderFacts:
    """Return what headers say, the first that says something counting.

    Args:
        file: what messages call it.
        headers: words with values, in upper or lower case: FITS headers, or attributes of other files.
    Raises:
        DigsError: the headers contradict themselves, or say that the wavelengths are at rest in the galaxy.
    """
    words: dict[str, Any] = {}
    for header in headers:
        for key, value in header.items():
            words.setdefault(str(key).upper(), value)
    notes = []
    redshift = _number(file, words, _REDSHIFT, "redshift", -0.01, 50.0)
    if redshift is not None:
        notes.append(f"The redshift {redshift:.6g} is that of the file.")
    resolution = _number(file, words, _RESOLUTION, "resolution", 1.0, 1e7)
    if resolution is not None:
        notes.append(f"The resolution {resolution:g} is that of the file, one for all wavelengths.")
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
        redshift,
        resolution,
        _number(file, words, ("SIGMA_KMS",), "sigma_kms", 0.0, 1e5),
        _medium(file, words),
        _text(words, "LIGHT").lower() or None,
        next((text for key in _NAME if (text := _text(words, key))), ""),
        tuple(notes),
    )


def _text(words: Mapping[str, Any], key: str) -> str:
    value = words.get(key, "")
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    return " ".join(value.split())[:80] if isinstance(value, str) else ""


def _number(
    file: str, words: Mapping[str, Any], keys: Iterable[str], option: str, least: float, most: float
) -> float | None:
    found = {}
    for key in keys:
        try:
            value = float(words[key])
        except (KeyError, TypeError, ValueError):
            continue
        if math.isfinite(value) and least <= value <= most:
            found[key] = value
    if max(found.values(), default=0) - min(found.values(), default=0) > 1e-4 * max(found.values(), default=0):
        said = " and ".join(f"{key} {value:g}" for key, value in found.items())
        raise DigsError(f"{file} contradicts itself: {said}; give {option}.")
    return next(iter(found.values()), None)


def _medium(file: str, words: Mapping[str, Any]) -> str | None:
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
        raise DigsError(f"{file} says that its wavelengths are in air and in vacuum; give medium.")
    return next(iter(media), None)
