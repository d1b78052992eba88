"""The command works on the checkout that one stands in, a script on the one that it lies in, whichever is installed."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PATIENCE

from digs.__main__ import main
from digs.base import checkout, paths
from digs.files.product import read_product
from digs.files.schemas.calibration_schema import CALIBRATION

SCRIPTS = sorted((paths.ROOT / "src" / "scripts").rglob("*.py"))


def folder(root: Path, *files: str) -> Path:
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


@pytest.fixture
def another(tmp_path) -> Path:
    """A place that looks like a checkout, and is not the one whose package runs."""
    return folder(tmp_path / "another one", "dvc.yaml", "src/digs/__init__.py", "src/tex/ms.tex")


def test_a_checkout_is_found_from_inside(another, tmp_path):
    assert checkout.checkout_of(another / "src" / "tex") == another
    inner = folder(another / "build" / "worktree", "src/digs/__init__.py")
    assert checkout.checkout_of(inner / "src" / "digs" / "__init__.py") == inner
    (tmp_path / "link").symlink_to(another / "src")
    assert checkout.checkout_of(tmp_path / "link") == another
    assert checkout.checkout_of(tmp_path) is None


def refusal(arguments: list[str], capsys) -> str:
    """What the command says when it stops at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["digs", *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
    assert stopped.value.code not in (0, None)
    assert capsys.readouterr().out == ""
    return str(stopped.value.code)


def test_outside_a_checkout_the_command_is_refused_in_a_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    said = refusal(["stages"], capsys)
    assert said == f"digs: {tmp_path} lies in no checkout of DIGS; stand in one (a folder with dvc.yaml and src/digs)."


def test_in_part_of_a_checkout_too(another, monkeypatch, capsys):
    (another / "dvc.yaml").unlink()
    monkeypatch.chdir(another / "src")
    assert refusal(["stages"], capsys) == f"digs: {another} has no dvc.yaml; restore it with `git checkout dvc.yaml`."


def test_where_the_working_directory_is_gone_too(tmp_path, monkeypatch, capsys):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert "working directory is gone" in refusal(["stages"], capsys)
    os.chdir(tmp_path)  # for the tests that follow


def test_help_needs_no_checkout(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["digs", "--help"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 0
    assert "audit" in capsys.readouterr().out


def test_the_command_hands_over_once(another, monkeypatch, refused):
    """Where Python imports another package even so, it does not try for ever."""
    started = []
    monkeypatch.setattr(os, "execve", lambda *call: started.append(call))
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    monkeypatch.chdir(another / "src" / "tex")
    checkout.hand_over(["audit", "it's one"])
    (_, command, environment), source = started.pop(), str(another / "src")
    assert command[1:] == ["-P", "-m", "digs", "audit", "it's one"]
    assert environment["PYTHONPATH"] == f"{source}:elsewhere"
    for imports in (source, environment["PYTHONPATH"]):
        monkeypatch.setenv("PYTHONPATH", imports)
        with refused(str(another), "may be no link"):
            checkout.hand_over([])
    assert not started


def test_a_script_of_another_checkout_is_refused(another, refused):
    """As where a notebook has imported digs, and then runs a script of a second clone."""
    script, names = another / "src" / "scripts" / "fig_x.py", {}
    exec(compile("def main(): ...", script, "exec"), names)
    with refused(str(script), "which was imported before"):
        checkout.check_own(names["main"])
    checkout.check_own(test_help_needs_no_checkout)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_every_script_says_whose_digs_it_imports(script):
    depth = len(script.relative_to(paths.ROOT / "src").parts) - 1
    lines = script.read_text().splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("sys.path[0] = "))
    assert f"Path(__file__).resolve().parents[{depth}])" in lines[first]
    assert [line for line in lines[:first] if line.startswith(("import ", "from "))] == [
        "import sys",
        "from pathlib import Path",
    ]


SPAWNING = """
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from digs.base import paths

def where(_):
    return str(paths.DATA)

if __name__ == "__main__":
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        print(where(0), *pool.map(where, [1]), sep="\\n")
"""


@pytest.fixture(scope="module")
def second(tmp_path_factory, tracked) -> Path:
    """A second checkout, with other code and data than this one, in a path with a space and an apostrophe."""
    root = tmp_path_factory.mktemp("second") / "it's a clone"
    for name in ("digs", "scripts"):
        shutil.copytree(paths.ROOT / "src" / name, root / "src" / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (paths.PARAMS, *(paths.ROOT / name for name in ("dvc.yaml", "dvc.lock"))):
        shutil.copy(path, root)
    (root / "src" / "data").mkdir()
    for name in ("calibration.h5", "calibration.json"):
        shutil.copy(tracked(name), root / "src" / "data")
    for name, old, new in (
        ("src/digs/paper/plotting.py", 'BAND, FAINT = "0.85"', 'BAND, FAINT = "0.25"'),
        ("src/data/calibration.json", '"galaxies": 1000', '"galaxies": 2000'),
        ("dvc.yaml", "FSPS's simple stellar populations", "The second checkout's populations"),
    ):
        text = (root / name).read_text()
        assert old in text
        (root / name).write_text(text.replace(old, new))
    return root


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run Python there, in an environment where the package of this checkout is installed."""
    environment = os.environ | {"PYTHONPATH": str(paths.ROOT / "src")}
    return subprocess.run(
        [sys.executable, *arguments], cwd=root, env=environment, capture_output=True, text=True, timeout=PATIENCE
    )


def test_the_command_works_on_the_checkout_that_one_stands_in(second):
    ended = run(second / "src" / "data", "-m", "digs", "stages")
    assert ended.returncode == 0, ended.stderr
    assert "The second checkout's populations" in ended.stdout
    assert ended.stderr == f"digs works on the checkout {second}\n"


def test_a_figure_is_drawn_in_the_checkout_that_its_script_lies_in(second):
    ended = run(second.parent, str(second / "src/scripts/figures/fig_sbc.py"))
    assert ended.returncode == 0, ended.stderr
    shown = json.loads((second / "src/tex/figures/sbc.json").read_text())
    assert any(name.startswith("panel 0: patch 0 #404040") for name in shown)  # of its code
    (guide,) = (entry for name, entry in shown.items() if name.startswith("panel 0: line 0 "))
    assert guide["means"][-1] == 2000 / read_product(paths.DATA / "calibration.h5", CALIBRATION)["rank_counts"].shape[1]
    assert (second / "src/tex/figures/sbc.pdf").is_file()


def test_workers_use_the_checkout_of_their_script(second):
    header = next(line for line in SCRIPTS[0].read_text().splitlines() if line.startswith("sys.path[0] = "))
    script = second / "src/scripts/stages/spawning.py"
    script.write_text("\n".join(['"""Spawn."""', "import sys", "from pathlib import Path", header, SPAWNING]))
    ended = run(second.parent, str(script))
    assert ended.stdout.splitlines() == [str(second / "src" / "data")] * 2, ended.stderr
