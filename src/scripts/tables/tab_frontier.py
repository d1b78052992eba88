"""Table: the cheapest way to exact posteriors, by the number of parameters and of galaxies."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from digs.base import paths
from digs.base.command import run
from digs.files.atomic import read_json
from digs.inference.frontier.catalogue_costs import cheapest, per_galaxy
from digs.paper.latex_numbers import compact, short_cell
from digs.paper.plotting import save_rows

LABELS = {"grid": "brute force", "short": r"\texttt{short}", "fiducial": r"\texttt{fiducial}"}
SIDE_BY_SIDE = ("emcee",)  # timed with many galaxies at once only, and with nothing to set up


def main() -> None:
    """Write for each number of parameters how even the draws of a grid and of a network are, and who is cheapest."""
    found = read_json(paths.DATA / "frontier.json")
    rows = []
    for free, measured in found["measured"].items():
        methods = measured["methods"]
        shares = [methods[name]["share"][key] for name in ("grid", "short") for key in ("median", "tail")]
        cells = []
        for galaxies in found["catalogues"]:
            alone = {name: method for name, method in methods.items() if name not in SIDE_BY_SIDE}
            name = cheapest(alone if galaxies < found["batch"] else methods, galaxies)
            cells.append(f"{LABELS.get(name, name)}, ${compact(per_galaxy(methods[name], galaxies))}$")
        rows.append([f"${free}$", *map(short_cell, shares), *cells])
    save_rows("tab_frontier", rows)


if __name__ == "__main__":
    run(main)
