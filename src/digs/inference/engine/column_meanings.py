"""What the columns are that the engine's model has beside the five parameters of digs.config.theta."""

from collections.abc import Sequence

from astropy.table import QTable
from astropy.units import Unit

from digs.config.theta import MEANINGS, Meaning
from digs.inference.engine.model_prior import RATIO

_MORE = (
    Meaning("gas_logz", r"$\log_{10} Z_{\rm gas}/Z_\odot$", "dex", "Metallicity of the gas"),
    Meaning("gas_logu", r"$\log_{10} U$", "dex", "Ionisation parameter of the gas"),
    Meaning("logdispersion", r"$\log_{10} \sigma/({\rm km/s})$", "dex", "Dispersion of stars and gas, in km/s"),
)


def column_meaning(name: str) -> Meaning:
    """Return what a column is.

    Example:
        >>> from digs.inference.engine.column_meanings import column_meaning
        >>> column_meaning("gas_logu").description
        'Ionisation parameter of the gas'
    """
    known = {meaning.name: meaning for meaning in (*MEANINGS, *_MORE)}
    if name in known:
        return known[name]
    number = name.removeprefix(RATIO)
    words = f"log10 of the star formation rate of bin {number}, from today, over that of the next older one"
    return Meaning(name, rf"$\log_{{10}} {{\rm SFR}}_{number}/{{\rm SFR}}_{{{int(number) + 1}}}$", "dex", words)


def axis_label(name: str) -> str:
    """Return the label of an axis, with the unit; dex, which goes without saying beside a logarithm, is left out."""
    meaning = column_meaning(name)
    return meaning.label if meaning.unit == "dex" else meaning.axis_label


def describe_columns(table: QTable, percentiles: Sequence[int]) -> None:
    """Give the percentiles of the engine's own columns their units and descriptions."""
    for name in table.colnames:
        base, _, percentile = name.rpartition("_P")
        own = base.lower() in {meaning.name for meaning in _MORE} or base.lower().startswith(RATIO)
        if own and percentile.isdigit() and int(percentile) in percentiles:
            meaning = column_meaning(base.lower())
            table[name] = table[name].value * Unit(meaning.unit)
            table[name].info.description = f"{meaning.description}: {percentile}th percentile"
