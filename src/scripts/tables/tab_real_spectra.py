"""Table: real galaxies, as several codes see them."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from digs.base import paths
from digs.base.command import run
from digs.files.atomic import read_json
from digs.paper.code_comparison import CodeRow, code_rows
from digs.paper.latex_numbers import median_and_interval, plain
from digs.paper.plotting import save_rows

COLUMNS = ("logmass", "log_surviving_mass", "age", "logzsol", "dust2", "dispersion")


def cells(row: CodeRow, first: bool) -> list[str]:
    """Return what stands in the columns."""
    found = [f"${median_and_interval(*row.percentiles[name])}$" for name in COLUMNS]
    return [row.galaxy if first else "", row.code, *found, f"${plain(row.chi_squared, 3)}$"]


def main() -> None:
    """Write for each galaxy and code the masses, age, metallicity, dust, dispersion, and chi-squared per pixel."""
    rows = list(code_rows(read_json(paths.DATA / "real_spectra.json")))
    galaxies = [row.galaxy for row in rows]
    save_rows("tab_real_spectra", [cells(row, galaxies.index(row.galaxy) == n) for n, row in enumerate(rows)])


if __name__ == "__main__":
    run(main)
