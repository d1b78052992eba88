"""Posteriors of a catalogue as a table of percentiles with units, in ECSV or FITS."""

import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from astropy.table import QTable
from astropy.units import Unit
from astropy.utils.exceptions import AstropyUserWarning

from digs.base.errors import DigsError
from digs.config.theta import MEANINGS
from digs.files.atomic import replacing
from digs.inference.results.galaxy_draws import GalaxyDraws
from digs.physics.derived import DERIVED

PERCENTILES = (16, 50, 84)
_SUFFIXES = (".ecsv", ".fits")
_UNITS = {  # astropy's words for the units of axis labels
    r"$M_\odot$": "solMass",
    r"$M_\odot\,{\rm yr}^{-1}$": "solMass / yr",
    r"${\rm yr}^{-1}$": "1 / yr",
    "Å": "Angstrom",
}
_LETTERS = {r"\,\AA": " Angstrom", r"\%": "%", r"$\alpha$": "alpha"}  # of LaTeX in descriptions
_KNOWN = {meaning.name: meaning for meaning in (*MEANINGS, *DERIVED)}
_OF_THE_WEIGHTS = {
    "LOG_EVIDENCE": "ln of the evidence",
    "LOG_EVIDENCE_ERROR": "standard error of ln of the evidence",
    "EFFICIENCY": "effective share of the draws",
    "EFFECTIVE": "effective number of draws",
}


def posterior_table(found: GalaxyDraws, derived: Mapping[str, np.ndarray]) -> QTable:
    """Return a table of one row for each galaxy: percentiles of parameters and derived quantities, and the verdict.

    Percentiles of galaxies without a posterior are nan. A column's description says what it is.

    Args:
        derived: quantities of the draws by name, shape (N, draws) each; may be empty.
    """
    table = QTable({"ID": found.ids, "VERDICT": found.verdict.astype(str), "REASON": found.reason.astype(str)})
    columns = dict(zip(found.names, np.moveaxis(found.draws, 2, 0), strict=True)) | dict(derived)
    probabilities = tuple(percentile / 100 for percentile in PERCENTILES)
    for name, values in columns.items():
        quantiles = found.quantiles_of(values[..., None], probabilities)[..., 0]
        meaning = _KNOWN.get(name)
        unit = Unit(_UNITS.get(meaning.unit, meaning.unit) if meaning else "")
        for percentile, column in zip(PERCENTILES, quantiles.T, strict=True):
            table[f"{name.upper()}_P{percentile}"] = column * unit
            words = _in_letters(meaning.description) if meaning else name
            table[f"{name.upper()}_P{percentile}"].info.description = f"{words}: {percentile}th percentile"
    for name, words in _OF_THE_WEIGHTS.items():
        table[name] = getattr(found, name.lower())
        table[name].info.description = words
    for name, on in found.lights.items():
        table[f"LIGHT_{name.upper()}"] = on
    table.meta["SPS"] = found.sps_label
    return table


def _in_letters(words: str) -> str:
    """A description without LaTeX."""
    for latex, letters in _LETTERS.items():
        words = words.replace(latex, letters)
    return words


def write_table(table: QTable, path: Path) -> None:
    """Write a table as ECSV or FITS, as its name ends, whole or not at all.

    Raises:
        DigsError: the name ends in neither.
    """
    if path.suffix not in _SUFFIXES:
        raise DigsError(
            f"A table called {path.name} has no known format; let its name end in {' or '.join(_SUFFIXES)}."
        )
    with replacing(path) as temporary, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The unit 'dex'", AstropyUserWarning)  # FITS has none; it goes into comments
        table.write(temporary, overwrite=True)
