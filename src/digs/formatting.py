"""Numbers as the manuscript prints them (LaTeX, math mode)."""

import math
from collections.abc import Mapping, Sequence


def plain(value: float, digits: int = 2) -> str:
    """A number rounded to so many significant digits, without an exponent."""
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{round(value, digits - 1 - math.floor(math.log10(abs(value)))):.{decimals}f}"


def scientific(value: float, digits: int = 2) -> str:
    """A number as a power of ten: 1.5\\times10^{-4}."""
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return rf"{mantissa}\times10^{{{int(exponent)}}}"


def compact(value: float, digits: int = 2) -> str:
    """A number rounded to so many significant digits, as a power of ten from 10 000 on."""
    if not math.isfinite(value):
        return r"\infty"
    return scientific(value, digits) if float(f"{value:.{digits - 1}e}") >= 10_000 else plain(value, digits)


def grouped_integer(value: int) -> str:
    """An integer with thin spaces between thousands, from 10 000 on."""
    return f"{value:,}".replace(",", r"\,") if value >= 10_000 else str(value)


def count(value: float, digits: int = 2) -> str:
    """A number of things, rounded to so many significant digits and to an integer."""
    if not math.isfinite(value):
        return r"\infty"
    return grouped_integer(round(float(f"{value:.{digits - 1}e}")))


def uncertain(value: float, error: float) -> str:
    """value \\pm error, both to the first digit of the error (two where it starts with 1)."""
    if not math.isfinite(value):
        return r"\ldots"
    if not (math.isfinite(error) and error > 0):
        return plain(value, 3)
    exponent = math.floor(math.log10(error))
    if error / 10**exponent < 1.95:
        exponent -= 1
    decimals = max(0, -exponent)
    rounded_value, rounded_error = round(value, -exponent), round(error, -exponent)
    return rf"{rounded_value + 0.0:.{decimals}f} \pm {rounded_error:.{decimals}f}"


def with_its_error(number: Mapping[str, float], factor: float = 1.0) -> str:
    """A tracked number, {value, error}, times a factor, as `uncertain` has it."""
    return uncertain(factor * number["value"], factor * number["error"])


def percent(share: Mapping[str, float]) -> str:
    """A tracked share and its error in percent."""
    return with_its_error(share, 100.0)


def cell(number: Mapping[str, float]) -> str:
    """A tracked number as a cell of a table, in math mode."""
    return f"${with_its_error(number)}$"


def from_to(low: float, high: float, digits: int = 2) -> str:
    """A range of repeated measurements."""
    first, last = plain(low, digits), plain(high, digits)
    return first if first == last else f"{first}$--${last}"


def probability(value: float) -> str:
    """A p-value: two digits, a power of ten where it is small, and a bound where only that it is tiny matters."""
    if value < 1e-10:
        return "<10^{-10}"
    return plain(value, 2) if value >= 1e-3 else scientific(value, 1)


def power_of_ten(value: float) -> str:
    """10^{n} where a positive value is one, else as `compact` has it."""
    exponent = round(math.log10(value))
    return f"10^{{{exponent}}}" if math.isclose(value, 10.0**exponent) else compact(value)


def listed(values: Sequence[int]) -> str:
    """Integers as a list in a sentence."""
    *first, last = map(grouped_integer, values)
    return f"{', '.join(first)} and {last}" if first else last
