"""The command `digs score`, its folder, figure and page."""

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

from digs.__main__ import main
from digs.diagnostics.scores import public_scores
from digs.diagnostics.scores.analytic_track import AnalyticTrack
from digs.diagnostics.scores.entries import BenchmarkEntry, store_entry
from digs.diagnostics.scores.scoring import Scores, score_entry
from digs.paper.score_report.score_figure import draw_scores
from digs.paper.score_report.score_folder import CONTENTS, report_folder
from digs.paper.score_report.score_page import page

HOSTILE = {
    "mathtext": "$x_{\\alpha",
    "HTML": '<script>alert(1)</script> & "it\'s" {{ name }}',
    "brackets": "[bold]red[/bold] {0} %s",
    "long": "W" * 500,
    "other letters": "銀河 🌌 ‮abc",
}


@pytest.fixture(scope="module")
def track() -> AnalyticTrack:
    return AnalyticTrack.random(galaxies=30, draws=60, seed=1)


@pytest.fixture
def entry(track, tmp_path, monkeypatch) -> Path:
    """The file of an exact entry, for a track that is known as k22."""
    monkeypatch.setattr(public_scores, "load_track", lambda name: track)
    draws = track.sample(60, np.random.default_rng(1))
    store_entry(tmp_path / "entry.h5", BenchmarkEntry.of(draws, track.log_prob(draws), name="an entry"), "k22")
    return tmp_path / "entry.h5"


@pytest.fixture
def digs(monkeypatch, capsys):
    """digs("score", ...): exit status or message, and what is printed."""

    def run(*arguments: object) -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["digs", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, capsys.readouterr().out

    return run


def test_the_command_prints_a_table(digs, entry):
    status, text = digs("score", entry)
    assert status == 0
    assert re.search(r"^classifier +0\.\d+ ± 0\.\d+ +0\.5 ", text, re.MULTILINE)
    assert text.rstrip().splitlines()[-1].startswith("an entry passes")


def test_the_command_writes_a_report_and_replaces_it(digs, entry, tmp_path):
    out = tmp_path / "new" / "report"
    for _ in range(2):
        status, text = digs("score", entry, "--out", out, "--seed", 5)
        assert status == 0
        assert str(out) in text
        assert {file.name for file in out.iterdir()} == CONTENTS
        assert [file.name for file in out.parent.iterdir()] == ["report"]
    assert json.loads((out / "scores.json").read_text())["seed"] == 5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--seed", "-1"), ("seed", "-1")),
        (("--seed", "x"), ("seed", "'x'")),
        (("--track", "noise"), ("k22", "noise")),
    ],
)
def test_a_mistake_ends_in_one_sentence(digs, entry, arguments, words):
    status, text = digs("score", entry, *arguments)
    assert not text
    assert re.fullmatch(r"digs: [^\n]*\.", status)
    assert all(word in status for word in words)


def test_where_a_report_cannot_be_written_nothing_is_scored(digs, entry, tmp_path, monkeypatch):
    monkeypatch.setattr(public_scores, "score_entry", lambda *_: pytest.fail("it was scored"))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").touch()
    for out in (tmp_path / "full", entry, entry / "below", "/proc/report"):
        status, _ = digs("score", entry, "--out", out)
        assert str(out) in status
    assert (tmp_path / "full" / "thesis.tex").exists()


def test_a_report_that_fails_leaves_what_was_there(tmp_path):
    with report_folder(tmp_path / "report") as folder:
        (folder / "scores.json").write_text("1")
    with pytest.raises(RuntimeError), report_folder(tmp_path / "report") as folder:
        (folder / "scores.json").write_text("2")
        raise RuntimeError
    assert [each.name for each in tmp_path.iterdir()] == ["report"]
    assert (tmp_path / "report" / "scores.json").read_text() == "1"


@pytest.fixture(scope="module")
def scores(track) -> Scores:
    return score_entry(BenchmarkEntry.of(track.draws, name="the references"), track, 1)


def renamed(scores: Scores, name: str) -> Scores:
    entry = BenchmarkEntry.of(np.zeros((20, 50, 5)), name=name)
    return replace(scores, name=entry.name, description=entry.name, label=entry.label)


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_names_break_nothing(name, scores, tmp_path):
    named = renamed(scores, name)
    draw_scores(named, [tmp_path / "scores.png", tmp_path / "scores.pdf"])
    text = page(named, (tmp_path / "scores.png").read_bytes())
    assert "<script>" not in text
    assert named.label in str(named)
    assert json.loads(json.dumps(named.to_json()))["name"] == named.name


def test_the_page_asks_the_network_for_nothing(scores):
    text = page(scores, b"")
    assert not re.findall(r"(?:src|href)=\"(?!data:)", text)
    assert "</html>" in text


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("letter", ["i", "W", "銀", "$"])
def test_the_title_of_the_figure_is_not_cut(letter, scores, monkeypatch, tmp_path):
    figures = []
    monkeypatch.setattr(plt, "close", figures.append)
    draw_scores(renamed(scores, letter * 99), [tmp_path / "scores.pdf"])
    (figure,) = figures
    title = figure._suptitle.get_window_extent(figure.canvas.get_renderer())
    assert title.x0 >= 0
    assert title.x1 <= figure.bbox.x1
    assert title.y1 <= figure.bbox.y1
