"""The subcommand `digs score`."""

import argparse
import re
from pathlib import Path

from digs.base import inputs
from digs.base.errors import DigsError


def run_score(draws: Path, track: str | None, seed: str, out: Path | None) -> int:
    """Score the posteriors of an entry to the benchmark (docs/benchmark.md) against exact ones."""
    from digs.diagnostics.scores.entries import check_galaxies, read_entry  # these import torch, for seconds
    from digs.diagnostics.scores.public_scores import scores_of, track_of
    from digs.paper.score_report.score_folder import report_folder
    from digs.paper.score_report.written_report import write_report

    number = inputs.seed(int(seed) if re.fullmatch(r"-?[0-9]{1,30}", seed) else seed)
    entry, own_track = read_entry(draws)
    found = track_of(track or own_track or "k22")
    if track and own_track and track != own_track:
        raise DigsError(f"{draws} is an entry for track {own_track}, not {track}; leave out --track.")
    try:
        check_galaxies(len(entry.draws), found)
    except DigsError as error:
        raise DigsError(f"{draws}: {error}") from None
    if out is None:
        print(scores_of(entry, found, number, quiet=False))
        return 0
    with report_folder(out) as folder:
        scores = scores_of(entry, found, number, quiet=False)
        write_report(scores, folder)
    print(scores)
    print(f"Written: {out}")
    return 0


def add_score_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand to those of `digs`."""
    one = commands.add_parser("score", help=run_score.__doc__, description=run_score.__doc__)
    one.add_argument("draws", type=Path, metavar="DRAWS.h5", help="the entry, as digs.write_entry writes it")
    one.add_argument("--track", metavar="NAME", help="k22, noise or corrupted (default: the entry's own)")
    one.add_argument("--seed", default="0", metavar="N", help="of all random numbers (default: 0)")
    one.add_argument(
        "--out", type=Path, metavar="DIR", help="write scores.json, a figure and a page there; a report is replaced"
    )
    one.set_defaults(run=run_score)
