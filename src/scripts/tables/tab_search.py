"""Table: the search for the fiducial network."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from digs.base import paths
from digs.base.command import run
from digs.config.params import load_params
from digs.config.stages.study_settings import Studies
from digs.files.atomic import read_json
from digs.paper.latex_numbers import cell, count, grouped_integer, plain
from digs.paper.plotting import save_rows

WORDS = {
    "architecture.marginal": {False: "all five parameters learned"},
    "architecture.relative_mass": {True: "mass relative to the level"},
    "architecture.scores": {True: "those of the scores' subspace"},
    "architecture.density_estimator": {"maf": "affine transforms", "zuko_nsf": "spline transforms"},
}
NAMES = {
    "architecture.num_transforms": "{} transforms",
    "architecture.embedding.width": "embedding of width {}",
    "architecture.embedding.features": "{} outputs",
    "architecture.components": "{} components",
    "learning_rate": "learning rate {}",
    "batch_size": "batches of {}",
}


def flatten(changes: dict, path: str = "") -> dict[str, object]:
    """Return nested changes by dotted names."""
    flat: dict[str, object] = {}
    for key, value in changes.items():
        flat |= flatten(value, f"{path}{key}.") if isinstance(value, dict) else {f"{path}{key}": value}
    return flat


def describe(changes: dict) -> str:
    """Return what a candidate changes, in words."""
    parts = []
    for name, value in flatten(changes).items():
        if name in WORDS:
            parts.append(WORDS[name][value])
        elif name in NAMES:
            parts.append(NAMES[name].format("one" if value == 1 else f"${value:g}$"))
        else:
            parts.append(f"{name} {value}")
    return ", ".join(parts).replace("one transforms", "one transform") or "(the base)"


def main() -> None:
    """Write the rows of the table of the search, best first."""
    candidates = load_params(Studies).studies.named("search").candidates
    measured = read_json(paths.DATA / "studies" / "search.json")["measured"]
    rows = []
    for name, numbers in sorted(measured.items(), key=lambda item: item[1]["loss"]["value"]):
        loss, above = numbers["loss"], numbers["loss_above_first"]
        rows.append(
            [
                describe(candidates[name]),
                f"${grouped_integer(numbers['weights'])}$",
                f"${plain(numbers['seconds'] / 60)}$",
                f"${count(numbers['training_pairs'] / numbers['seconds'])}$",
                cell(loss),
                cell(above) if above["error"] else r"\nodata",
            ]
        )
    save_rows("tab_search", rows)


if __name__ == "__main__":
    run(main)
