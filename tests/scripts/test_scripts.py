"""Every script: it says what it does, and those that only read tracked data do it."""

import ast
import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from digs.base import paths
from digs.provenance import fingerprints
from digs.provenance.fingerprints import NUMBERS

SCRIPTS = sorted((paths.ROOT / "src" / "scripts").rglob("*.py"))
assert len(SCRIPTS) > 60  # no test of scripts is vacuous
REQUIRED = {"flow": ("--network", "paper"), "study": ("--study", "search")}  # arguments that a script wants


def main_docstring(script: Path) -> str:
    """What the script's main function says of itself."""
    functions = [node for node in ast.parse(script.read_text()).body if isinstance(node, ast.FunctionDef)]
    return ast.get_docstring(next(node for node in functions if node.name == "main")) or ""


def words(text: str) -> str:
    """Without the line breaks and the hyphenation that argparse adds."""
    return "".join(text.split())


@pytest.fixture
def exit_status(monkeypatch) -> Callable[..., int]:
    """The exit status of a script that arguments make stop before it starts."""

    def run(script: Path, *arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", [script.name, *arguments])
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
    assert exit_status(script, *REQUIRED.get(script.stem, ()), "--no-such-argument") == 2
    assert "--no-such-argument" in capsys.readouterr().err


@pytest.mark.parametrize("name", REQUIRED)
def test_what_a_stage_must_be_told_has_no_default(name, exit_status, capsys):
    (script,) = (script for script in SCRIPTS if script.stem == name)
    assert exit_status(script) == 2
    assert REQUIRED[name][0] in capsys.readouterr().err


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_the_script_is_described_at_its_top(script):
    assert (ast.get_docstring(ast.parse(script.read_text())) or "").endswith(".")


# Scripts that only read tracked data and write figures, tables or numbers for the manuscript.
MANUSCRIPT = [script for script in SCRIPTS if script.stem.startswith(("fig_", "tab_")) or script.stem == NUMBERS]
LEAST_BYTES = {".pdf": 5000, ".json": 500, ".tex": 100, ".txt": 1}


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def agrees_with_the_record(name: str, made: dict[str, bytes]) -> None:
    """What a script made is what src/tex/fingerprints.json says; where a change is meant, `digs renew` records it."""
    recorded = fingerprints.load(paths.ROOT)
    if name.startswith("fig_"):
        shown = json.loads(made[f"{name.removeprefix('fig_')}.json"])
    elif name == NUMBERS:
        shown = {file.removesuffix(".txt"): {"text": text.decode()} for file, text in made.items()}
        groups = [entry["shown"] for group, entry in recorded.items() if "." in group]
        recorded[name] = {"shown": {number: entry for group in groups for number, entry in group.items()}}
    else:
        shown = {f"row {place}": {"text": row} for place, row in enumerate(made[f"{name}.tex"].decode().splitlines())}
    assert fingerprints.departures(recorded[name], {"shown": shown}) == []


@pytest.mark.parametrize("script", MANUSCRIPT, ids=lambda script: script.stem)
def test_figures_tables_and_numbers_are_made_from_the_tracked_data(script, tmp_path, monkeypatch):
    """Twice, into an empty folder, with the same bytes, and as recorded."""
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
    agrees_with_the_record(script.stem, first)
    if script.stem != NUMBERS:
        assert {Path(name).stem for name in first} == {script.stem.removeprefix("fig_")}
