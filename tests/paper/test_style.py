"""Figures look the same whatever a user's matplotlibrc says, and the user's look stays what it was."""

import json
import os
import subprocess
import sys
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pytest
from conftest import PATIENCE

from digs.base import paths
from digs.paper.figure_contents import drawn
from digs.paper.plotting import STYLE, style
from digs.provenance import fingerprints

HOSTILE = """
backend: TkAgg
axes.autolimit_mode: round_numbers
axes.grid: True
axes.grid.which: both
axes.prop_cycle: cycler('color', ['k', 'r'])
axes.xmargin: 0.3
axes.ymargin: 0.3
figure.max_open_warning: 1
font.family: serif
font.size: 20
image.origin: lower
legend.loc: lower left
lines.linewidth: 7
pdf.compression: 0
savefig.bbox: tight
savefig.transparent: True
timezone: Asia/Tokyo
xtick.minor.visible: True
"""

# imports what command and scripts import, then draws a figure; says whether the look was, and is, the user's own
DRAWING = """
import runpy, sys
from pathlib import Path

import matplotlib
import matplotlib.pyplot  # which itself takes back a backend that needs a display

before = dict(matplotlib.rcParams.copy())
import digs.__main__, digs.paper.numbers, digs.paper.plotting, digs.provenance.redraw
from digs.base import paths

same = [dict(matplotlib.rcParams.copy()) == before]
paths.FIGURES = Path(sys.argv.pop())
script = paths.ROOT / "src/scripts/figures/fig_sbc.py"
runpy.run_path(str(script), run_name="__main__")
after = dict(matplotlib.rcParams.copy())
same.append({**after, "backend": before["backend"]} == before)
print(*same)
"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("hostile") / "matplotlibrc"
    path.write_text(HOSTILE)
    return path


def test_the_record_is_kept_whatever_the_users_look(hostile, tmp_path, tracked):
    """In a process of its own, as matplotlib reads the file when it is imported."""
    tracked("calibration.h5")
    environment = os.environ | {
        "MATPLOTLIBRC": str(hostile),
        "PYTHONPATH": str(paths.ROOT / "src"),
        "MPLBACKEND": "TkAgg",
    }
    ended = subprocess.run(
        [sys.executable, "-c", DRAWING, str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=PATIENCE,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == ["True", "True"]
    shown = json.loads((tmp_path / "sbc.json").read_text())
    assert fingerprints.departures(fingerprints.load(paths.ROOT)["fig_sbc"], {"shown": shown}) == []
    assert (tmp_path / "sbc.pdf").is_file()


def example() -> dict:
    figure, axes = plt.subplots()
    axes.plot([1, 2, 3], [1, 4, 9])
    axes.legend(["curve"])
    found = drawn(figure)
    plt.close(figure)
    return found


def test_the_look_is_ours_inside_and_the_users_outside(hostile):
    with style():
        expected = example()
        assert {name: plt.rcParams[name] for name in ("axes.xmargin", "pdf.compression", "timezone")} == {
            "axes.xmargin": 0.05,
            "pdf.compression": 6,
            "timezone": "UTC",
        }
        assert all(plt.rcParams[name] == value for name, value in STYLE.items() if name != "font.family")
    with matplotlib.rc_context(fname=hostile):
        users = dict(plt.rcParams)
        with style():
            assert example() == expected
        assert dict(plt.rcParams) == {**users, "backend": plt.rcParams["backend"]}
        assert example() != expected
    with pytest.raises(ZeroDivisionError), matplotlib.rc_context(fname=hostile), style():
        raise ZeroDivisionError
    assert plt.rcParams["lines.linewidth"] != 7


def test_lines_across_a_panel_are_on_record():
    with style():
        figure, (plain, lined) = plt.subplots(1, 2)
        lined.grid(which="both", axis="y")
        found = drawn(figure)
        plt.close(figure)
    assert "panel 0: grid" not in found
    assert found["panel 1: grid"] == {"text": ["y major", "y minor"]}
    assert plain is not lined


def test_no_recorded_figure_has_them():
    for name, record in fingerprints.load(paths.ROOT).items():
        assert not [artist for artist in record["shown"] if artist.endswith(": grid")], name
