"""Table: calibration of each parameter on fresh spectra."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from digs.base import paths
from digs.base.command import run
from digs.config.theta import MEANINGS
from digs.files.atomic import read_json
from digs.paper.latex_numbers import plain, probability, short_cell
from digs.paper.plotting import save_rows

CASES = {
    ("fiducial", "exact"): r"\texttt{fiducial}",
    ("lookup", "exact"): r"\texttt{lookup}",
    ("lookup", "looked_up"): r"\texttt{lookup}, looked-up spectra",
}
COLUMNS = ("bias", "scatter", "rmse", "z_spread", "coverage_68", "coverage_95")


def main() -> None:
    """Write the rows of the table of calibration on fresh spectra."""
    measured = read_json(paths.DATA / "validation.json")["measured"]
    rows = []
    for (network, kind), name in CASES.items():
        for place, parameter in enumerate(MEANINGS):
            numbers = measured[network][kind][parameter.name]
            cells = ["" if place else name, parameter.axis_label]
            cells += [short_cell(numbers[column]) for column in COLUMNS]
            cells += [f"${plain(numbers['excursion'])}$", f"${probability(numbers['uniform_ranks_p_value'])}$"]
            rows.append(cells)
    save_rows("tab_validation", rows)


if __name__ == "__main__":
    run(main)
