"""Numbers of the text: the league of methods on the benchmark."""

from digs.base import paths
from digs.config.params import Params
from digs.files.atomic import read_json
from digs.paper.latex_numbers import grouped_integer, plain
from digs.paper.league_rows import league_rows
from digs.paper.numbers import Numbers

# names of numbers, and of the entries that they are of
ENTRIES = {
    ("k22", "fiducial"): "fiducial",
    ("k22", "fiducial, weighted"): "fiducial_weighted",
    ("k22", "paper"): "paper",
    ("k22", "lookup"): "lookup",
    ("k22", "exact"): "exact",
    ("k22", "brute force"): "grid",
    ("k22", "brute force, weighted"): "grid_weighted",
    ("k22", "sbi NPE"): "npe",
    ("k22", "sbi FMPE"): "fmpe",
    ("k22", "short walks"): "walks",
    ("noise", "brute force, weighted"): "noise_grid",
    ("noise", "neighbours"): "neighbours",
    ("corrupted", "fiducial"): "corrupted_fiducial",
    ("corrupted", "brute force, weighted"): "corrupted_grid",
    ("corrupted", "digs.infer"): "corrupted_infer",
}


def league(params: Params) -> Numbers:
    """Return what the entries of the league are worth and cost."""
    found = read_json(paths.DATA / "league.json")
    numbers = {
        "league_draws": grouped_integer(found["draws"]),
        "league_candidates": str(found["candidates"]),
        "league_pairs": grouped_integer(found["sbi"]["pairs"]),
        "league_set_up_seconds": plain(found["set_up_seconds"]["median"]),
    }
    for row in league_rows(found):
        if (name := ENTRIES.get((row.track, row.name))) is None:
            continue
        numbers |= {
            f"league_{name}_failed": str(row.failed),
            f"league_{name}_tests": str(row.tests),
            f"league_{name}_ms": plain(1e3 * row.seconds["median"]),
            f"league_{name}_shift": plain(row.shift),
            f"league_{name}_width": plain(row.width, 3),
            f"league_{name}_narrow": plain(row.narrow),
            f"league_{name}_wide": plain(row.wide),
        }
        if row.epochs is not None:
            numbers[f"league_{name}_epochs"] = str(row.epochs)
            numbers[f"league_{name}_training_minutes"] = plain(row.training / 60)
        if row.detected is not None:
            numbers[f"league_{name}_detected"] = plain(100 * row.detected)
    return numbers


GROUPS = (league,)
