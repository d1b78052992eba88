"""Table: the released network, one that is trained by its recipe, and exact posteriors."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from digs.base import paths
from digs.base.command import run
from digs.config.theta import NAMES
from digs.files.atomic import read_json
from digs.paper.latex_numbers import probability, short_cell
from digs.paper.plotting import save_rows

LABELS = {  # network, kind of spectra, what stands in the table
    ("released", "lookup"): ["released", "looked-up"],
    ("recipe", "lookup"): ["recipe", "looked-up"],
    ("released", "exact"): ["released", "exact"],
    ("recipe", "exact"): ["recipe", "exact"],
    ("released", "shifted"): ["released", "exact, shifted"],
    ("recipe", "shifted"): ["recipe", "exact, shifted"],
}
WIDTHS = ("logmass", "logzsol", "dust2")


def main() -> None:
    """Write the rows of the table of the released network."""
    measured = read_json(paths.DATA / "released_network.json")["measured"]
    rows = []
    for (network, kind), labels in LABELS.items():
        case = measured[network][kind]
        of, least = case["parameters"], min(case["parameters"][name]["uniform_ranks_p_value"] for name in NAMES)
        rows.append(
            [
                *labels,
                short_cell(case["loss"]["posterior"]),
                *[short_cell(of[name]["half_width"]) for name in WIDTHS],
                *[short_cell(of[name]["coverage_68"]) for name in NAMES],
                f"${probability(least)}$",
            ]
        )
    exact = measured["exact_posterior"]["exact"]
    widths = [short_cell(exact["parameters"][name]["half_width"]) for name in WIDTHS]
    rows.append(["exact posterior", "exact", short_cell(exact["loss"]["posterior"]), *widths, *[r"\nodata"] * 6])
    save_rows("tab_released", rows)


if __name__ == "__main__":
    run(main)
