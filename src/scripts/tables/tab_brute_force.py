"""Table: weighted draws of exact posteriors by a grid, and by the network that `brute_force` names."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from digs.base import paths
from digs.base.command import run
from digs.files.atomic import read_json
from digs.paper.latex_numbers import cell, compact, measured_range
from digs.paper.plotting import save_rows


def main() -> None:
    """Write the rows of the table of brute force: what it takes once and a galaxy, and how many draws are left."""
    found = read_json(paths.DATA / "brute_force.json")
    training = read_json(paths.DATA / "timing.json")["networks"][found["network"]]["training_seconds"]
    before = {"grid": found["set_up_seconds"], "network": training}
    labels = {"grid": "brute force", "network": rf"\texttt{{{found['network']}}}"}
    save_rows(
        "tab_brute_force",
        [
            [
                labels[name],
                f"${compact(before[name]['median'])}$",
                measured_range(numbers["seconds"], 1e-3),
                cell(numbers["efficiency"]),
                cell(numbers["efficiency_5"]),
            ]
            for name, numbers in found["measured"].items()
        ],
    )


if __name__ == "__main__":
    run(main)
