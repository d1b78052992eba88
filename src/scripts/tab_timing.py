"""Table `tab_timing`: what inference costs, measured here and as Khullar et al. (2022) have it."""

import math
from collections.abc import Mapping

from digs.artifacts import read_json
from digs.cli import run
from digs.costs import (
    HOUR,
    NETWORK,
    PUBLISHED,
    PUBLISHED_FITS,
    PUBLISHED_GALAXIES_PER_FIT,
    SIMULATOR_SPEED,
    TIMING,
    Amortisation,
    Costs,
    load,
)
from digs.formatting import compact
from digs.plotting import save_rows

NOT_GIVEN = r"\nodata"
# up to so many seconds, a unit and its length
UNITS = ((1e-3, r"$\mu$s", 1e-6), (0.2, "ms", 1e-3), (180.0, "s", 1.0), (2 * HOUR, "min", 60.0), (math.inf, "h", HOUR))

Spread = Mapping[str, float]  # median, low, high
Row = tuple[str, str, str]


def number(value: float) -> str:
    return f"${compact(value)}$"


def seconds(value: float, low: float | None = None, high: float | None = None) -> str:
    """A time in the unit that suits it, with its least and greatest measurement."""
    unit, length = next((unit, length) for limit, unit, length in UNITS if value < limit)
    range_ = "" if low is None or high is None else rf"\ ({compact(low / length)}\mbox{{--}}{compact(high / length)})"
    return rf"${compact(value / length)}{range_}$\,{unit}"


def measured(spread: Spread) -> str:
    return seconds(spread["median"], spread["low"], spread["high"])


def inverted(rate: Spread) -> Spread:
    """The seconds of one, of a rate in 1/s."""
    return {"median": 1 / rate["median"], "low": 1 / rate["high"], "high": 1 / rate["low"]}


def measurement_rows(cost: Costs) -> list[Row]:
    """What was measured, and what the paper says of it."""
    timing, speed, training = read_json(TIMING), read_json(SIMULATOR_SPEED), read_json(NETWORK)["training"]
    prospector = {key: value * cost.mcmc_calls for key, value in speed["prospector_seconds"].items()}
    fits = " and ".join(rf"{fit / HOUR:g}" for fit in PUBLISHED_FITS) + r"\,h"
    return [
        ("One spectrum, Prospector", measured(speed["prospector_seconds"]), NOT_GIVEN),
        ("One spectrum, exact simulator", measured(inverted(speed["exact_per_second"])), NOT_GIVEN),
        ("Likelihood calls in one MCMC fit", number(cost.mcmc_calls), number(cost.mcmc_calls)),
        ("One MCMC fit, exact simulator", measured(timing["mcmc_fit_seconds"]), NOT_GIVEN),
        ("One MCMC fit, Prospector (extrapolated)", measured(prospector), fits),
        ("Training, wall clock", seconds(cost.training_seconds), seconds(PUBLISHED.training_seconds)),
        ("Training, CPU time", seconds(training["cpu_seconds"]), NOT_GIVEN),
        ("One NPE posterior, alone", measured(timing["npe_one_galaxy_seconds"]), seconds(PUBLISHED.npe_seconds)),
        (f"One NPE posterior of {timing['npe_bulk_galaxies']}", measured(timing["npe_bulk_seconds"]), NOT_GIVEN),
    ]


def accounted(cost: Amortisation, fit: float) -> tuple[str, str]:
    """Galaxies in the time of one fit, training left out and counted; galaxies to break even."""
    per_fit = " / ".join(number(cost.galaxies_per_fit(fit, count)) for count in (False, True))
    return per_fit, number(cost.break_even(fit))


def accounting_rows(cost: Costs) -> list[Row]:
    """Galaxies in the time of one fit and to break even, for every cost that a fit may be said to have."""
    fits = [(f"of {fit / HOUR:g}" + r"\,h, as published", fit, accounted(PUBLISHED, fit)) for fit in PUBLISHED_FITS]
    fits += [
        ("on the exact simulator", cost.mcmc_seconds, (NOT_GIVEN, NOT_GIVEN)),
        ("with Prospector (extrapolated)", cost.mcmc_prospector_seconds, (NOT_GIVEN, NOT_GIVEN)),
    ]
    stated = "--".join(number(value) for value in PUBLISHED_GALAXIES_PER_FIT)
    rows = [("Galaxies in the time of one fit, as stated", NOT_GIVEN, stated)]
    for place, what in enumerate(("Galaxies in the time of a fit", "Galaxies to break even with fits")):
        rows += [(f"{what} {which}", accounted(cost, fit)[place], theirs[place]) for which, fit, theirs in fits]
    return rows


def main() -> None:
    """Write the rows of the table of costs."""
    cost = load()
    save_rows("tab_timing", measurement_rows(cost) + accounting_rows(cost))


if __name__ == "__main__":
    run(main)
