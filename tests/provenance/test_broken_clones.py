"""Clones as users have them: whatever git, a merge or an editor did to them is told in a sentence, or does no harm."""

import copy
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import PATIENCE

from digs.base import paths
from digs.base.errors import DigsError
from digs.provenance import audit, fingerprints, report
from digs.provenance.audit import TYPED, Project
from digs.provenance.clean_copy import clean_copy, execute, tracked_files
from digs.provenance.dependencies import derived_lists
from digs.provenance.documents import read_document, read_yaml
from digs.provenance.manuscript import Manuscript
from digs.provenance.pipeline import Pipeline

READ = ("dvc.yaml", "dvc.lock", "params.yaml", str(fingerprints.FILE))


@pytest.fixture
def tree(tmp_path) -> Path:
    """The files that the audit reads, without the code and data that they speak of."""
    root = tmp_path / "tree"
    for name in READ:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(paths.ROOT / name, root / name)
    return root


def use(root: Path, name: str) -> None:
    """All that is read of one of these files."""
    if name == str(fingerprints.FILE):
        recorded = fingerprints.load(root)
        for one, other in product(recorded.values(), list(recorded.values())[:2]):
            fingerprints.departures(one, other)
    else:
        pipeline = Pipeline(root)
        for stage in pipeline.stages.values():
            pipeline.parameters(stage)
            pipeline.last(stage.outs)
            for out in stage.outs:
                pipeline.stored(out)


def conflict(text: str) -> str:
    lines = text.splitlines(keepends=True)
    middle = len(lines) // 2
    return "".join([*lines[:middle], "<<<<<<< HEAD\n", lines[middle], "=======\n>>>>>>> theirs\n", *lines[middle:]])


DAMAGES: dict[str, tuple[Callable[[str], str], str]] = {
    "empty": (lambda text: "", "is empty"),
    "only spaces": (lambda text: "\n \n", ""),
    "conflict": (conflict, "has a conflict that git could not merge, in line"),
    "cut off": (lambda text: text[: len(text) // 2].rstrip() + "\n {", ""),
    "another language": (lambda text: "<!DOCTYPE html>\n<html>: [}", ""),
    "list": (lambda text: "[1, 2]", "should be a valid dictionary"),
    "number": (lambda text: "3", ""),
    "other control characters": (lambda text: text + "\0", ""),
    "not UTF-8": (lambda text: "caf\udce9: 1\n" + text, "no UTF-8"),
    "impossible date": (lambda text: "a: 2024-13-45\n" + text, ""),
}


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_file_is_named_in_a_sentence(tree, refused, name, damage):
    change, words = DAMAGES[damage]
    path = tree / name
    path.write_text(change(path.read_text()), errors="surrogateescape")
    with refused(name, words):
        use(tree, name)


@pytest.mark.parametrize("name", READ)
def test_missing_file_is_named_in_a_sentence(tree, refused, name):
    (tree / name).unlink()
    with refused(name, "is missing", f"git checkout {name}"):
        use(tree, name)
    (tree / name).mkdir()
    with refused(name, "cannot be read"):
        use(tree, name)


def test_key_that_a_merge_left_twice_is_refused(tree, refused):
    """DVC refuses it, too; whoever takes the last one reads another file than DVC."""
    lock = tree / "dvc.lock"
    lock.write_text(lock.read_text() + "  flow:\n    cmd: true\n")
    with refused("dvc.lock", "'flow' stands twice"):
        Pipeline(tree)
    (tree / fingerprints.FILE).write_text('{"fig_sbc": {}, "fig_sbc": {}}')
    with refused(str(fingerprints.FILE), "'fig_sbc' stands twice"):
        fingerprints.load(tree)


SMALL: dict[str, Any] = {
    "dvc.yaml": {
        "stages": {
            "one": {
                "cmd": "python one.py",
                "desc": "first",
                "meta": {"takes": "long", "needs": "SPS_HOME"},
                "deps": ["one.py"],
                "params": ["a.b"],
                "outs": [{"src/data/one.h5": {"cache": True}}, "one.json"],
            },
            "two": {"cmd": "python two.py", "deps": ["src/data/one.h5"], "metrics": ["two.json"]},
        }
    },
    "dvc.lock": {
        "stages": {
            "one": {
                "cmd": "python one.py",
                "deps": [{"path": "one.py", "md5": "0", "size": 1}],
                "params": {"params.yaml": {"a.b": 1}},
                "outs": [{"path": "src/data/one.h5", "md5": "00"}],
            }
        }
    },
    "params.yaml": {"a": {"b": 1}},
    str(fingerprints.FILE): {
        "tab_x": {"script": "0", "data": {}, "shown": {"row 0": {"text": "1"}}},
        "fig_x": {
            "script": "0",
            "data": {"src/data/one.h5": "00"},
            "shown": {"panel 0: line 0": {"points": 2, "md5": "0", "means": [1.0, 2.0]}, "text 0": {"text": ["a"]}},
        },
        "fig_y": {"script": "0", "data": {}, "shown": {"panel 0: line 0": {"points": 2, "md5": "1", "means": [1, 2]}}},
    },
    "records/one.json": {
        "stage": "one",
        "command": "python one.py",
        "code": "0",
        "parameters": {"a.b": 1},
        "inputs": {},
        "outputs": {"src/data/one.h5": "00"},
        "circumstances": {"date": "2024-01-01"},
    },
    "vouched.yaml": {
        "vouched": [
            {
                "stage": "one",
                "old": "0",
                "new": "1",
                "outputs": {"src/data/one.h5": "00"},
                "reason": "why",
                "evidence": "how",
            }
        ]
    },
    "showyourwork.yml": {"dependencies": {"src/scripts/figures/fig_x.py": ["params.yaml", "src/data/one.h5"]}},
    str(TYPED): [{"pattern": "Section [0-9]"}],
    "src/tex/figures/x.json": {"panel 0: line 0": {"points": 2, "md5": "0", "means": [1.0, 2.0]}},
}
ODD = (None, 3, "x", [], [None], {}, {"x": None}, float("nan"))
TEXTS = {
    "one.py": "x = 1\n",
    "two.py": "x = 2\n",
    "src/scripts/figures/fig_x.py": "x = 3\n",
    "src/digs/__init__.py": "",
    "Snakefile": "TABLES = {\n    'tab_x': ['one.h5'],\n}\n",
    "src/tex/ms.tex": "\\begin{document}\nNothing.\n\\end{document}\n",
}


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """A tree with one of everything that the audit reads."""
    root = tmp_path_factory.mktemp("small")
    for name, text in {**TEXTS, **{name: json.dumps(content) for name, content in SMALL.items()}}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)  # YAML may be JSON
    return root


def audit_all(root: Path) -> None:
    """All that an audit without redrawing reads, and what lists the dependencies."""
    project = Project(root)
    findings = audit.Checks(project).of(project.everything) + audit.check_text(project)
    list(report.summary(findings, everything=True))
    for name in project.everything:
        list(report.provenance(project, name))
    derived_lists(root)


def places(content: Any, above: tuple = ()) -> Iterator[tuple]:
    """Every place in nested lists and mappings."""
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, inner in items:
        yield (*above, key)
        yield from places(inner, (*above, key))


def spoilt(content: Any) -> Iterator[Any]:
    """The content with every place in turn removed, or replaced by every odd value."""
    for *above, last in places(content):
        for value in ("gone", *ODD):
            changed = copy.deepcopy(content)
            inner = changed
            for key in above:
                inner = inner[key]
            if value == "gone":
                del inner[last]
            else:
                inner[last] = value
            yield changed


@pytest.mark.parametrize("name", SMALL)
def test_whatever_is_wrong_inside_is_told_in_a_sentence_or_does_no_harm(small, name):
    told = 0
    try:
        for content in spoilt(SMALL[name]):
            (small / name).write_text(json.dumps(content))
            told += says_so(small)
    finally:
        (small / name).write_text(json.dumps(SMALL[name]))
    assert told or name in ("params.yaml", "src/tex/figures/x.json")  # settings judge the one, findings tell the other


@pytest.mark.parametrize("name", TEXTS)
def test_damaged_text_is_told_in_a_sentence_or_does_no_harm(small, name):
    try:
        for text in (
            "",
            "<<<<<<< HEAD\n",
            "caf\udce9",
            "TABLES = {\n    1: f(),\n}\n",
            "TABLES = {\n    'tab_x': 3,\n}\n",
        ):
            (small / name).write_text(text, errors="surrogateescape")
            says_so(small)
        (small / name).unlink()
        says_so(small)
    finally:
        (small / name).write_text(TEXTS[name])


def says_so(root: Path) -> bool:
    """Whether the audit is refused, in a sentence; anything else than that and an audit fails the test."""
    try:
        audit_all(root)
    except DigsError as error:
        assert "\n" not in str(error)
        assert str(error).endswith("."), error
        return True
    return False


def test_the_small_tree_is_sound(small):
    assert not says_so(small)


def test_stage_that_rests_on_itself_is_named(tree, refused):
    content = yaml.safe_load((tree / "dvc.yaml").read_text())
    content["stages"]["library"]["deps"].append("src/data/posteriors.h5")
    (tree / "dvc.yaml").write_text(yaml.safe_dump(content))
    with refused("dvc.yaml", "depends on what it makes itself", "mend its deps"):
        use(tree, "dvc.yaml")


def test_what_is_no_number_agrees_with_nothing():
    one, other = ({"shown": {"line": {"points": 1, "md5": md5, "means": [mean]}}} for md5, mean in ("a1", "b2"))
    for mean in (float("nan"), float("inf")):
        one["shown"]["line"]["means"] = [mean]
        other["shown"]["line"]["means"] = [1.0]
        assert fingerprints.departures(one, other)
        assert fingerprints.departures(other, one)


def test_manuscript_without_a_body_is_refused(refused):
    for text in ("", "\n", "<<<<<<< HEAD\n"):
        with refused("ms.tex", "begin{document}"):
            Manuscript(text)


def test_what_else_is_read_is_checked_alike(tmp_path, refused):
    (tmp_path / "typed.yaml").write_text("- pattern: x\n- pattern: [1]\n")
    with refused("typed.yaml", "wrong at 1.pattern"):
        read_document(tmp_path, "typed.yaml", list[dict[str, str]])
    (tmp_path / "showyourwork.yml").write_text("- 1\n")
    with refused("showyourwork.yml", "does not hold a mapping"):
        read_yaml(tmp_path / "showyourwork.yml")


GIT = ("git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")


@pytest.fixture
def alone(monkeypatch) -> None:
    """git without the settings of this machine."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)


def test_line_endings_of_a_clone_are_those_of_the_hashes(tmp_path, alone):
    """With core.autocrlf as on Windows, all files have the hashes that dvc.lock and fingerprints.json know."""
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    names = tracked_files(paths.ROOT)
    stored = [name for name in names if name.startswith("data-store/")]
    names = [name for name in names if name not in stored] + stored[:5]
    for name in names:
        (origin / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(paths.ROOT / name, origin / name)
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "one"]):
        subprocess.run([*GIT, *command], cwd=origin, check=True, timeout=PATIENCE)
    subprocess.run(
        [*GIT, "clone", "-q", "-c", "core.autocrlf=true", "-c", "core.eol=crlf", origin, clone],
        check=True,
        timeout=PATIENCE,
    )
    kept = [name for name in names if (clone / name).exists()]
    assert len(kept) > 200
    assert [name for name in kept if (clone / name).read_bytes() != (origin / name).read_bytes()] == []


@pytest.fixture
def repository(tree, alone) -> Path:
    """A small repository in a path with a space and an apostrophe."""
    root = tree.rename(tree.parent / "it's a tree")
    (root / ".gitignore").write_text("ignored\n")
    for name in ("ignored", os.fsdecode(b"caf\xe9.txt"), "src/a file.py"):
        (root / name).touch()
    subprocess.run([*GIT, "init", "-q"], cwd=root, check=True, timeout=PATIENCE)
    return root


def contents(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_clean_copy_has_files_of_all_names_and_owners(repository, monkeypatch, capsys):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with clean_copy(Pipeline(repository), []) as tree:
        assert contents(tree) == {*READ, ".gitignore", os.fsdecode(b"caf\xe9.txt"), "src/a file.py"}
    assert capsys.readouterr().err == ""


def test_clean_copy_without_git_is_of_all_files_but_data_and_builds(repository, tmp_path, monkeypatch, capsys):
    made = ("src/data/x.h5", "src/tex/figures/x.pdf", "build/x", ".dvc/cache/x", ".venv/x", "src/__pycache__/x.pyc")
    kept = (".dvc/config", "src/build/x", "src/data/.gitignore")
    for name in made + kept:
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    expected = {*READ, *kept, ".gitignore", "ignored", os.fsdecode(b"caf\xe9.txt"), "src/a file.py"}
    assert set(tracked_files(repository)) == expected
    said = f"git cannot list the files of {repository}: all are taken but data and builds.\n"
    assert capsys.readouterr().err == said
    shutil.rmtree(repository / ".git")  # an unpacked archive
    assert set(tracked_files(repository)) == expected
    assert capsys.readouterr().err == ""


def test_what_cannot_be_copied_or_run_is_said(repository, tmp_path, monkeypatch, refused):
    with refused("`no-such-program` is not on PATH"):
        execute(repository, "no-such-program")
    monkeypatch.setattr(shutil, "copy2", lambda *_: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
    with refused("cannot be copied", "Permission denied"), clean_copy(Pipeline(repository), []):
        pass
