"""What LaTeX complains of is found in its log."""

import importlib.util
import subprocess
import sys

import pytest
from conftest import PATIENCE

from digs.base import paths

TOOL = paths.ROOT / "tools" / "typesetting.py"
_spec = importlib.util.spec_from_file_location("typesetting", TOOL)
typesetting = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(typesetting)

SOUND = r"""This is XeTeX
Overfull \hbox (4.9pt too wide) in paragraph at lines 3--4
Class revtex4-1 Warning: Assuming \noaffiliation for authors.
LaTeX Warning: Float too large for page by 3pt on input line 7.
Output written on ms.xdv (3 pages, 12 bytes).
"""
COMPLAINTS = [
    r"LaTeX Warning: Label `output/a.txt' multiply defined.",
    r"LaTeX Warning: Reference `fig:none' on page 3 undefined on input line 12.",
    r"Package natbib Warning: Citation `Nobody2000' on page 1 undefined on input line 9.",
    r"LaTeX Warning: There were undefined references.",
    r"Overfull \hbox (23.38324pt too wide) detected at line 96",
    r"Overfull \vbox (5.1pt too high) has occurred while \output is active",
]


def check(log: str, tmp_path) -> subprocess.CompletedProcess:
    (tmp_path / "ms.log").write_text(log)
    return subprocess.run([sys.executable, TOOL, tmp_path / "ms.log"], capture_output=True, text=True, timeout=PATIENCE)


def test_a_sound_log_has_no_faults(tmp_path):
    ended = check(SOUND, tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("complaint", COMPLAINTS)
def test_each_complaint_is_said_and_fails(complaint, tmp_path):
    ended = check(SOUND + "\n" + complaint + "\n\n" + SOUND, tmp_path)
    assert ended.returncode == 1
    assert ended.stderr == f"The paper's typesetting: {complaint}\n"


def test_a_complaint_that_latex_wraps_is_read_on():
    wrapped = "LaTeX Warning: Reference `fig:none' on page 3 undefined on input\nline 12.\n\nmore\n"
    assert list(typesetting.faults(wrapped)) == [
        "LaTeX Warning: Reference `fig:none' on page 3 undefined on input line 12."
    ]


def test_a_missing_log_is_one_sentence(tmp_path):
    ended = subprocess.run(
        [sys.executable, TOOL, tmp_path / "none.log"], capture_output=True, text=True, timeout=PATIENCE
    )
    assert ended.returncode == 1
    assert "none.log is missing; `make paper` writes it." in ended.stderr
