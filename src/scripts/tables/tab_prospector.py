"""Table `tab_prospector`: emcee on Prospector against emcee on the exact simulator, parameter by parameter."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from digs.base import paths
from digs.base.command import run
from digs.config.theta import MEANINGS
from digs.files.atomic import read_json
from digs.paper.latex_numbers import cell, count
from digs.paper.plotting import save_rows


def main() -> None:
    """Write the rows of the table of the chain with Prospector."""
    measured = read_json(paths.DATA / "prospector_chain.json")["parameters"]
    rows = []
    for parameter in MEANINGS:
        numbers = measured[parameter.name]
        compared = [cell(numbers[key]) for key in ("ratio", "shift")]
        rows.append((parameter.axis_label, *compared, f"${count(numbers['sample_size'])}$"))
    save_rows("tab_prospector", rows)


if __name__ == "__main__":
    run(main)
