"""Numbers as the manuscript prints them (LaTeX, math mode)."""

import math
from collections.abc import Mapping, Sequence


def plain(value: float, digits: int = 2) -> str:
    """Return a number rounded to so many significant digits, without an exponent."""
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{round(value, digits - 1 - math.floor(math.log10(abs(value)))):.{decimals}f}"


def scientific(value: float, digits: int = 2) -> str:
    r"""Return a number as a power of ten: 1.5\times10^{-4}."""
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return rf"{mantissa}\times10^{{{int(exponent)}}}"


def compact(value: float, digits: int = 2) -> str:
    """Return a number rounded to so many significant digits, as a power of ten from 10 000 on."""
    if not math.isfinite(value):
        return r"\infty"
    return scientific(value, digits) if abs(float(f"{value:.{digits - 1}e}")) >= 10_000 else plain(value, digits)


def grouped_integer(value: int) -> str:
    """Return an integer with thin spaces between thousands, from 10 000 on."""
    return f"{value:,}".replace(",", r"\,") if value >= 10_000 else str(value)


def count(value: float, digits: int = 2) -> str:
    """Return a number of things, rounded to so many significant digits and to an integer."""
    if not math.isfinite(value):
        return r"\infty"
    return grouped_integer(round(float(f"{value:.{digits - 1}e}")))


def _rounded(value: float, error: float) -> tuple[str, str, int]:
    """A value and its error, both to the first digit of the error (two where it starts with 1), and their decimals."""
    exponent = math.floor(math.log10(error))
    if error / 10**exponent < 1.95:
        exponent -= 1
    decimals = max(0, -exponent)
    shown = (f"{round(each, -exponent) + 0.0:.{decimals}f}" for each in (value, error))
    return *shown, decimals


def _certain(value: float, error: float) -> str | None:
    """A value without an error; None if it has one."""
    if not math.isfinite(value):
        return r"\ldots"
    return None if math.isfinite(error) and error > 0 else plain(value, 3)


def uncertain(value: float, error: float) -> str:
    r"""Return value \pm error, both to the first digit of the error (two where it starts with 1)."""
    if certain := _certain(value, error):
        return certain
    shown, shown_error, _ = _rounded(value, error)
    return rf"{shown} \pm {shown_error}"


def shorthand(value: float, error: float) -> str:
    """Return the same in short, 0.123(4): the error in units of the value's last digit."""
    if certain := _certain(value, error):
        return certain
    shown, shown_error, decimals = _rounded(value, error)
    return f"{shown}({round(float(shown_error) * 10**decimals)})"


def median_and_interval(low: float, median: float, high: float) -> str:
    """Return median^{+up}_{-down} of the ends of an interval, to the second digit of its shorter side."""
    shorter = min(high - median, median - low)
    if not shorter > 0:
        return plain(median, 3)
    decimals = max(0, 1 - math.floor(math.log10(shorter)))
    return rf"{median:.{decimals}f}^{{+{high - median:.{decimals}f}}}_{{-{median - low:.{decimals}f}}}"


def with_its_error(number: Mapping[str, float], factor: float = 1.0) -> str:
    """Return a tracked number, {value, error}, times a factor, as `uncertain` has it."""
    return uncertain(factor * number["value"], factor * number["error"])


def percent(share: Mapping[str, float]) -> str:
    """Return a tracked share and its error in percent."""
    return with_its_error(share, 100.0)


def cell(number: Mapping[str, float]) -> str:
    """Return a tracked number as a cell of a table, in math mode."""
    return f"${with_its_error(number)}$"


def short_cell(number: Mapping[str, float]) -> str:
    """Return the same for a wide table, as `shorthand` has it."""
    return f"${shorthand(number['value'], number['error'])}$"


def measured_range(spread: Mapping[str, float], unit: float = 1.0) -> str:
    """Return the median of repeated measurements with the least and the greatest, all in units of one power of ten."""
    low, median, high = (spread[key] / unit for key in ("low", "median", "high"))
    if not (math.isfinite(high) and float(f"{median:.1e}") >= 10_000):
        scale, power = 1.0, ""
    else:
        exponent = math.floor(math.log10(float(f"{median:.1e}")))
        scale, power = 10.0**exponent, rf"\times10^{{{exponent}}}"
    first, middle, last = (compact(each / scale) for each in (low, median, high))
    return f"${middle}{power}$" if low == high else rf"${middle}\ ({first}\mbox{{--}}{last}){power}$"


def from_to(low: float, high: float, digits: int = 2) -> str:
    """Return a range of repeated measurements."""
    first, last = plain(low, digits), plain(high, digits)
    return first if first == last else f"{first}$--${last}"


def probability(value: float) -> str:
    """Return a p-value: two digits, a power of ten where it is small, and a bound where it is tiny."""
    if value < 1e-10:
        return "<10^{-10}"
    return plain(value, 2) if value >= 1e-3 else scientific(value, 1)


def power_of_ten(value: float) -> str:
    """Return 10^{n} where a positive value is one, else as `compact` has it."""
    exponent = round(math.log10(value))
    return f"10^{{{exponent}}}" if math.isclose(value, 10.0**exponent) else compact(value)


def listed(values: Sequence[int]) -> str:
    """Return integers as a list in a sentence."""
    *first, last = map(grouped_integer, values)
    return f"{', '.join(first)} and {last}" if first else last
