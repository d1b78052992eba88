"""Table: what the warning lights detect, and what is lost where they do not."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from digs.base import paths
from digs.base.command import run
from digs.config.theta import NAMES
from digs.files.atomic import read_json
from digs.paper.latex_numbers import cell, percent
from digs.paper.plotting import save_rows


def share_cell(share: dict[str, float] | None) -> str:
    """Return a share and its error in percent; dots where there are no cases."""
    if share is None:
        return r"\nodata"
    return f"${percent(share)}$"


def shifts(bias: dict[str, dict[str, float]] | None) -> list[str]:
    """Return cells of the bias in each parameter."""
    if bias is None:
        return [r"\nodata"] * len(NAMES)
    return [cell(bias[name]) for name in NAMES]


def main() -> None:
    """Write the rows of the table of the warning lights: detection, rejection and bias of what is not detected."""
    content = read_json(paths.DATA / "warning_lights.json")
    sound = content["checked"]["exact"]
    shares = ("detected", "rejected", "detected_of_rejected")
    rows = [["none", ""] + [share_cell(sound[key]) for key in shares] + shifts(content["healthy_bias"])]
    for found in content["measured"].values():
        for place, (strength, numbers) in enumerate(found["strengths"].items()):
            cells = [found["label"] if place == 0 else "", strength]
            rows.append(cells + [share_cell(numbers[key]) for key in shares] + shifts(numbers["bias"]))
    save_rows("tab_warning_lights", rows)


if __name__ == "__main__":
    run(main)
