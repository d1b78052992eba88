"""Table `tab_timing`: what inference costs, measured here and as Khullar et al. (2022) have it."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import math
from collections.abc import Mapping
from typing import Any

from digs.base.command import run
from digs.files.atomic import read_json
from digs.paper.amortisation import HOUR, TIMING
from digs.paper.khullar2022 import PUBLISHED, PUBLISHED_FITS, PUBLISHED_GALAXIES_PER_FIT
from digs.paper.latex_numbers import compact, measured_range
from digs.paper.plotting import save_rows

NOT_GIVEN = r"\nodata"
# up to so many seconds, a unit and its length
UNITS = ((1e-3, r"$\mu$s", 1e-6), (0.2, "ms", 1e-3), (180.0, "s", 1.0), (2 * HOUR, "min", 60.0), (math.inf, "h", HOUR))
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


def rows(timing: Mapping[str, Any]) -> list[Row]:
    """Return what was measured, what the networks share first, with what is published."""
    fits, together = timing["fit_seconds"], timing["fits_at_once"]
    networks, few = timing["networks"].values(), timing["posterior_galaxies"]
    stated_fits = " and ".join(rf"{fit / HOUR:g}" for fit in PUBLISHED_FITS) + r"\,h"
    stated = r"$\mbox{--}$".join(f"${compact(value)}$" for value in PUBLISHED_GALAXIES_PER_FIT)

    def each(text: str, key: str, theirs: str = NOT_GIVEN) -> Row:
        return (text, *[seconds(network[key]) for network in networks], theirs)

    return [
        ("One likelihood call, Prospector", of_both(seconds(timing["prospector_seconds"])), NOT_GIVEN),
        ("One spectrum, exact simulator", of_both(seconds(timing["exact_seconds"])), NOT_GIVEN),
        ("One MCMC fit, Prospector (extrapolated)", of_both(seconds(fits["prospector"])), stated_fits),
        ("One MCMC fit, exact simulator", of_both(seconds(fits["exact"])), NOT_GIVEN),
        (rf"\quad of {together} at once", of_both(seconds(fits["exact_together"])), NOT_GIVEN),
        each("Training", "training_seconds", published(PUBLISHED.training_seconds)),
        each(f"One posterior of {few} at once", "posterior_seconds", published(PUBLISHED.npe_seconds)),
        (
            f"Posteriors for the cost of one such fit, of {together} at once",
            *[measured_range(network["against"]["exact_together"]["galaxies_per_fit"]) for network in networks],
            stated,
        ),
    ]


def main() -> None:
    """Write the rows of the table of costs."""
    save_rows("tab_timing", rows(read_json(TIMING)))


if __name__ == "__main__":
    run(main)
