"""Numbers of the text: the league of methods on the benchmark."""

from digs.base import paths
from digs.config.params import Params
from digs.files.atomic import read_json
from digs.paper.latex_numbers import grouped_integer, plain
from digs.paper.league_rows import league_rows
from digs.paper.numbers import Numbers


def league(params: Params) -> Numbers:
    """Return the league's terms, and what two of its entries are worth."""
    found = read_json(paths.DATA / "league.json")
    rows = {(row.track, row.name): row for row in league_rows(found)}
    return {
        "league_draws": grouped_integer(found["draws"]),
        "league_candidates": str(found["candidates"]),
        "league_pairs": grouped_integer(found["sbi"]["pairs"]),
        "league_fiducial_failed": str(rows["k22", "fiducial"].failed),
        "league_corrupted_infer_detected": plain(100 * rows["corrupted", "digs.infer"].detected),
    }


GROUPS = (league,)
