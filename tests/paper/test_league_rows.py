"""The league in short, from scores of analytic entries."""

import numpy as np
import pytest

from digs.diagnostics.scores.analytic_track import AnalyticTrack
from digs.diagnostics.scores.entries import BenchmarkEntry
from digs.diagnostics.scores.scoring import score_entry
from digs.paper.league_rows import league_rows
from digs.provenance import report


@pytest.fixture(scope="module")
def league():
    """Two entries, one of them exact and with a density, the other too wide, trained, and with verdicts."""
    track = AnalyticTrack.random(galaxies=40, draws=100, seed=2)
    draws = track.sample(100, np.random.default_rng(3))
    wide = track.placed(1.5 * np.random.default_rng(4).standard_normal(draws.shape))
    called = np.arange(40) < 10
    entries = (
        (BenchmarkEntry.of(draws, log_prob=track.log_prob(draws), name="an exact entry"), {}),
        (
            BenchmarkEntry.of(wide, verdicts=called, name="a wide entry"),
            {"cpu_seconds": 120.0, "epochs": 7},
        ),
    )
    seconds = {"median": 0.0042, "low": 0.004, "high": 0.005}
    corruptions = {"kind": ["noise"] * 40, "strength": [1.0] * 40}
    scored = [
        {"seconds": seconds, "training": training, **score_entry(entry, track, 1, corruptions).to_json()}
        for entry, training in entries
    ]
    return {"tracks": {"k22": scored}}


def test_rows_say_what_the_scores_say(league):
    exact, wide = league_rows(league)
    assert exact.failed == 0 and exact.tests > 8 and wide.failed > 3
    assert exact.efficiency == pytest.approx(1) and wide.efficiency is None
    assert exact.width == pytest.approx(1, abs=0.1) and wide.width == pytest.approx(1.5, abs=0.15)
    assert wide.narrow < wide.width < wide.wide
    assert exact.detected is None and wide.detected == pytest.approx(0.25)
    assert exact.training is None and (wide.training, wide.epochs) == (120.0, 7)


def test_the_league_of_the_readme_has_a_line_for_each_entry(league):
    readme = "text\n<!-- digs league -->\n\n<!-- end -->\nmore\n<!-- digs stages -->\nstages\n<!-- end -->\n"
    written = report.with_league_table(readme, league)
    lines = [line for line in written.splitlines() if line.startswith("| `k22`")]
    assert [line.split(" | ")[1] for line in lines] == ["an exact entry", "a wide entry"]
    assert "| 4.2 | 2 min, 7 epochs |" in lines[1] and "25%" in lines[1]
    assert written.endswith("<!-- end -->\nmore\n<!-- digs stages -->\nstages\n<!-- end -->\n")
    assert report.with_league_table(written, league) == written
