"""Table: posteriors of made spectra in cells of signal-to-noise and missing share."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from digs.base import paths
from digs.base.command import run
from digs.files.atomic import read_json
from digs.inference.general_check.cells import MISSING, all_cells
from digs.paper.latex_numbers import compact, percent, plain
from digs.paper.plotting import save_rows


def main() -> None:
    """Write for each cell efficiency, effective draws reached, ranks, coverage, and who has more draws a second."""
    found, rows = read_json(paths.DATA / "general_validation.json"), []
    for cell in all_cells(found["signal"]):
        measured, speed = found["measured"]["cells"][cell.name], found["opponent"]["cells"][cell.name]
        low, high = cell.signal
        first = measured["first"]
        rows.append(
            [
                f"{low:g} to {high:g}" if cell.missing == 0 else "",
                MISSING[cell.missing].replace("%", r"\%"),
                f"${100 * first['median']:.0f}\\%$",
                f"${100 * first['tail']:.1f}\\%$",
                f"${100 * measured['reached']:.0f}\\%$",
                f"${plain(max(value for value in measured['excursion'].values() if value == value))}$",
                f"${percent(measured['joint_68'])}$",
                *(f"${compact(speed[name])}$" for name in ("engine", "templates")),
            ]
        )
    save_rows("tab_general_validation", rows)


if __name__ == "__main__":
    run(main)
