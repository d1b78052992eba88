"""Table: recovery and calibration of every parameter over the test set."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from digs.base import paths
from digs.base.command import run
from digs.config.theta import MEANINGS
from digs.files.atomic import read_json
from digs.paper.latex_numbers import cell, probability
from digs.paper.plotting import save_rows

COLUMNS = ("correlation", "bias", "half_width", "chi_std", "coverage_68", "coverage_95")


def main() -> None:
    """Write the rows of the calibration table."""
    measured = read_json(paths.DATA / "calibration.json")["parameters"]
    rows = []
    for parameter in MEANINGS:
        numbers = measured[parameter.name]
        cells = [parameter.axis_label]
        cells += [cell(numbers[column]) for column in COLUMNS]
        cells.append(f"${probability(numbers['uniform_ranks_p_value'])}$")
        rows.append(cells)
    save_rows("tab_calibration", rows)


if __name__ == "__main__":
    run(main)
