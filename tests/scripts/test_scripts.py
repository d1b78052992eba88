"""Every script says what it does."""

import ast
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from digs.base import paths

SCRIPTS = sorted((paths.ROOT / "src" / "scripts").rglob("*.py"))


assert len(SCRIPTS) > 60  # no test of scripts is vacuous
REQUIRED = {"flow": ["--network", "paper"], "study": ["--study", "search"]}  # arguments of scripts that want some


def main_docstring(script: Path) -> str:
    """What the script's main function says of itself."""
    functions = [node for node in ast.parse(script.read_text()).body if isinstance(node, ast.FunctionDef)]
    return ast.get_docstring(next(node for node in functions if node.name == "main")) or ""


def words(text: str) -> str:
    """Without the line breaks and the hyphenation that argparse adds."""
    return "".join(text.split())


@pytest.fixture
def exit_status(monkeypatch) -> Callable[..., int]:
    """The exit status of a script that its arguments make stop before it starts."""

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
