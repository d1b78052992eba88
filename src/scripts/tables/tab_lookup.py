"""Table: what looked-up, library and exact pairs make of the same flow."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from digs.base import paths
from digs.base.command import run
from digs.config.theta import NAMES
from digs.files.atomic import read_json
from digs.paper.latex_numbers import probability, short_cell
from digs.paper.plotting import save_rows

WIDTHS = ("logmass", "logzsol")


def main() -> None:
    """Write the rows of the table of the lookup experiment."""
    measured = read_json(paths.DATA / "lookup_experiment.json")["measured"]
    rows = []
    for name, numbers in measured.items():
        looked_up = numbers.get("lookup")
        least = min(looked_up[parameter]["uniform_ranks_p_value"] for parameter in NAMES) if looked_up else None
        rows.append(
            [
                rf"\texttt{{{name}}}",
                short_cell(numbers["loss"]),
                *[short_cell(numbers["exact"][parameter]["half_width"]) for parameter in WIDTHS],
                *[short_cell(numbers["exact"][parameter]["coverage_68"]) for parameter in NAMES],
                f"${probability(least)}$" if looked_up else r"\nodata",
                f"${probability(min(numbers['exact'][p]['uniform_ranks_p_value'] for p in NAMES))}$",
            ]
        )
    save_rows("tab_lookup", rows)


if __name__ == "__main__":
    run(main)
