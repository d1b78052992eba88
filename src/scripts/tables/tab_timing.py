"""Table `tab_timing`: what inference costs, measured here and as Khullar et al. (2022) have it."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import math
from collections.abc import Mapping
from typing import Any

from digs.base.command import run
from digs.files.atomic import read_json
from digs.paper.amortisation import HOUR, TIMING, Amortisation
from digs.paper.khullar2022 import PUBLISHED, PUBLISHED_FITS, PUBLISHED_GALAXIES_PER_FIT
from digs.paper.latex_numbers import compact, measured_range
from digs.paper.plotting import save_rows

NOT_GIVEN = r"\nodata"
# up to so many seconds, a unit and its length
UNITS = ((1e-3, r"$\mu$s", 1e-6), (0.2, "ms", 1e-3), (180.0, "s", 1.0), (2 * HOUR, "min", 60.0), (math.inf, "h", HOUR))
# of a fit: its name in timing.json and here
FITS = {
    "exact": "on the exact simulator",
    "exact_together": "on it, of many at once",
    "prospector": "with Prospector (extrapolated)",
}

Spread = Mapping[str, float]  # median, low, high
Row = tuple[str, ...]


def seconds(spread: Spread) -> str:
    """Return a time in the unit that suits it."""
    unit, length = next((unit, length) for limit, unit, length in UNITS if spread["median"] < limit)
    return rf"{measured_range(spread, length)}\,{unit}"


def published(value: float) -> str:
    """Return a time of the paper's, which has no range."""
    return seconds(dict.fromkeys(("low", "median", "high"), value))


def of_both(text: str) -> str:
    """Return a cell of what two networks have in common."""
    return rf"\multicolumn2c{{{text}}}"


def shared_rows(timing: Mapping[str, Any]) -> list[Row]:
    """Return what does not depend on the network."""
    fits = " and ".join(rf"{fit / HOUR:g}" for fit in PUBLISHED_FITS) + r"\,h"
    calls = f"${compact(timing['fit_calls'])}$"
    return [
        ("One likelihood call, Prospector", of_both(seconds(timing["prospector_seconds"])), NOT_GIVEN),
        ("One spectrum, exact simulator", of_both(seconds(timing["exact_seconds"])), NOT_GIVEN),
        ("Likelihood calls in one MCMC fit", of_both(calls), calls),
        ("One MCMC fit, exact simulator", of_both(seconds(timing["fit_seconds"]["exact"])), NOT_GIVEN),
        (
            rf"\quad of {timing['fits_at_once']} at once",
            of_both(seconds(timing["fit_seconds"]["exact_together"])),
            NOT_GIVEN,
        ),
        ("One MCMC fit, Prospector (extrapolated)", of_both(seconds(timing["fit_seconds"]["prospector"])), fits),
    ]


def network_rows(timing: Mapping[str, Any]) -> list[Row]:
    """Return what was measured of each network."""
    networks = timing["networks"].values()

    def row(text: str, key: str, theirs: str = NOT_GIVEN) -> Row:
        return (text, *[seconds(each[key]) for each in networks], theirs)

    few = timing["posterior_galaxies"]
    return [
        row("Training", "training_seconds", published(PUBLISHED.training_seconds)),
        row(f"One posterior of {few}", "posterior_seconds", published(PUBLISHED.npe_seconds)),
        row("One posterior, alone", "posterior_seconds_alone"),
        row(f"The estimator's draws for it, of {few}", "sampler_seconds"),
        row(r"\quad by sbi's sampler", "sampler_seconds_by_sbi"),
        row(f"One posterior of {few}, with importance weights", "importance_seconds"),
    ]


def accounting_rows(timing: Mapping[str, Any]) -> list[Row]:
    """Return galaxies in the time of one fit and to break even, for every cost that a fit may be said to have."""
    networks = list(timing["networks"].values())
    typical = [
        Amortisation(each["training_seconds"]["median"], each["posterior_seconds"]["median"]) for each in networks
    ]

    def number(value: float) -> str:
        return f"${compact(value)}$"

    stated = r"$\mbox{--}$".join(number(value) for value in PUBLISHED_GALAXIES_PER_FIT)
    rows = [("Galaxies in the time of one fit, as stated", of_both(NOT_GIVEN), stated)]
    for text, measured, computed in (
        ("Galaxies in the time of a fit", "galaxies_per_fit", lambda npe, fit: npe.galaxies_per_fit(fit, False)),
        (
            r"\quad training paid from it too",
            "galaxies_per_fit_with_training",
            lambda npe, fit: npe.galaxies_per_fit(fit, True),
        ),
        ("Galaxies to break even with fits", "break_even", Amortisation.break_even),
    ):
        for fit in PUBLISHED_FITS:
            values = [number(computed(npe, fit)) for npe in (*typical, PUBLISHED)]
            rows.append((rf"{text} of {fit / HOUR:g}\,h, as published", *values))
        for fit, name in FITS.items():
            rows.append(
                (f"{text} {name}", *[measured_range(each["against"][fit][measured]) for each in networks], NOT_GIVEN)
            )
    return rows


def main() -> None:
    """Write the rows of the table of costs."""
    timing = read_json(TIMING)
    save_rows("tab_timing", shared_rows(timing) + network_rows(timing) + accounting_rows(timing))


if __name__ == "__main__":
    run(main)
