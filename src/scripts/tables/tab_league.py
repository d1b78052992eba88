"""Table: the league, entries of methods on the tracks of the benchmark."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from digs.base import paths
from digs.base.command import run
from digs.files.atomic import read_json
from digs.paper.latex_numbers import from_to, plain
from digs.paper.league_rows import LeagueRow, league_rows
from digs.paper.plotting import save_rows

NOTHING = r"\nodata"


def cells(row: LeagueRow, first: bool) -> list[str]:
    """Return what stands in the columns."""
    optional = lambda value, factor, digits=2: NOTHING if value is None else f"${plain(factor * value, digits)}$"
    share = row.efficiency if row.detected is None else row.detected
    return [
        rf"\texttt{{{row.track}}}" if first else "",
        row.name.replace("digs.infer", r"\texttt{digs.infer}"),
        f"{row.failed} of {row.tests}",
        f"${plain(row.shift)}$",
        f"${plain(row.width, 3)}$",
        f"${from_to(row.narrow, row.wide)}$",
        optional(share, 100),
        f"${plain(1e3 * row.seconds['median'])}$",
        optional(row.training, 1 / 60),
    ]


def main() -> None:
    """Write the rows of the league: failed tests, differences from exact posteriors, efficiency, and costs."""
    rows = list(league_rows(read_json(paths.DATA / "league.json")))
    tracks = [row.track for row in rows]
    save_rows("tab_league", [cells(row, tracks.index(row.track) == place) for place, row in enumerate(rows)])


if __name__ == "__main__":
    run(main)
