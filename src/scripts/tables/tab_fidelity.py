"""Table: posteriors by NPE against reference chains and the exact likelihood."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from digs.base import paths
from digs.base.command import run
from digs.config.theta import MEANINGS
from digs.files.atomic import read_json
from digs.paper.latex_numbers import cell
from digs.paper.plotting import save_rows


def wide(number: dict[str, float] | None) -> str:
    """Return a cell as wide as both columns of a network; dots where there is no number."""
    text = cell(number) if number else r"\nodata"
    return rf"\multicolumn2c{{{text}}}"


def main() -> None:
    """Write the rows of the table of the comparison: a network's widths, shifts and what judges all of its density."""
    measured = read_json(paths.DATA / "comparison.json")["measured"]
    accuracy = read_json(paths.DATA / "two_sample.json")["measured"]
    rows = [
        [parameter.axis_label]
        + [cell(numbers[parameter.name][key]) for numbers in measured.values() for key in ("ratio", "shift")]
        for parameter in MEANINGS
    ]
    for label, key in (
        ("efficiency, median", "efficiency"),
        ("efficiency, 5th percentile", "efficiency_5"),
        ("excess loss (nat)", "excess_loss"),
    ):
        rows.append([label] + [wide(numbers[key]) for numbers in measured.values()])
    rows.append(["classifier's accuracy"] + [wide(accuracy.get(name)) for name in measured])
    rows.append(["the same, resampled draws"] + [wide(accuracy.get(f"{name}_resampled")) for name in measured])
    save_rows("tab_fidelity", rows)


if __name__ == "__main__":
    run(main)
