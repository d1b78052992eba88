"""Every script: it says what it does, and those that only read tracked data do it."""

import ast
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from digs import paths

SCRIPTS = sorted((paths.ROOT / "src" / "scripts").glob("*.py"))


def main_docstring(script: Path) -> str:
    """What the script's main function says of itself."""
    functions = [node for node in ast.parse(script.read_text()).body if isinstance(node, ast.FunctionDef)]
    return ast.get_docstring(next(node for node in functions if node.name == "main")) or ""


def words(text: str) -> str:
    """Without the line breaks and the hyphenation that argparse adds."""
    return "".join(text.split())


@pytest.fixture
def exit_status(monkeypatch) -> Callable[[Path, str], int]:
    """The exit status of a script that an argument makes stop before it starts."""

    def run(script: Path, argument: str) -> int:
        monkeypatch.setattr(sys, "argv", [script.name, argument])
        with pytest.raises(SystemExit) as stopped:
            runpy.run_path(str(script), run_name="__main__")
        return stopped.value.code

    return run


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_help_says_what_the_script_does(script, exit_status, capsys):
    assert exit_status(script, "--help") == 0
    assert len(main_docstring(script)) > 10
    assert words(main_docstring(script)) in words(capsys.readouterr().out)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_an_unknown_argument_is_refused(script, exit_status, capsys):
    assert exit_status(script, "--no-such-argument") == 2
    assert "--no-such-argument" in capsys.readouterr().err


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_the_script_is_described_at_its_top(script):
    assert (ast.get_docstring(ast.parse(script.read_text())) or "").endswith(".")


# Scripts that only read tracked data and write figures, tables or numbers for the manuscript.
MANUSCRIPT = [script for script in SCRIPTS if script.stem.startswith(("fig_", "tab_")) or script.stem == "variables"]
LEAST_BYTES = {".pdf": 5000, ".json": 500, ".tex": 100, ".txt": 1}


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.mark.parametrize("script", MANUSCRIPT, ids=lambda script: script.stem)
def test_figures_tables_and_numbers_are_made_from_the_tracked_data(script, tmp_path, monkeypatch):
    """Twice, into an empty folder, with the same bytes."""
    monkeypatch.setattr(sys, "argv", [script.name])
    made = []
    for attempt in ("first", "again"):
        folder = tmp_path / attempt
        folder.mkdir()
        for name in ("FIGURES", "OUTPUT"):
            monkeypatch.setattr(paths, name, folder)
        runpy.run_path(str(script), run_name="__main__")
        made.append(contents(folder))
    first, again = made
    assert first
    for name, content in first.items():
        assert len(content) >= LEAST_BYTES[Path(name).suffix], name
        assert content.startswith(b"%PDF") == name.endswith(".pdf"), name
        assert b"nan" not in content or name.endswith(".pdf"), name
        assert content == again[name], name
    if script.stem != "variables":
        assert {Path(name).stem for name in first} == {script.stem.removeprefix("fig_")}
