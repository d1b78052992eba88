"""The code that a script runs, found without running it; and its hash, which knows what Python is told and no more."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from conftest import PATIENCE

from digs.base import paths
from digs.base.closures import SourceTree, code_hash

SCRIPT = "src/scripts/script.py"
Checkout = Callable[[dict[str, str]], Path]


@pytest.fixture
def checkout(tmp_path) -> Checkout:
    """checkout({file: content}) writes files of a small checkout, its packages included, and returns its root."""

    def write(files: dict[str, str]) -> Path:
        for name, content in {"src/digs/__init__.py": "", **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(content))
            if path.is_relative_to(tmp_path / "src" / "digs"):
                (path.parent / "__init__.py").touch()
        return tmp_path

    return write


def closure(root: Path, file: str = SCRIPT) -> set[str]:
    """The places of what the file runs, itself and __init__ aside."""
    found = SourceTree(root / "src").closure(root / file)
    assert found[0] == root / file
    return {path.relative_to(root / "src").as_posix() for path in found[1:] if path.name != "__init__.py"}


def hashed(root: Path, file: str = SCRIPT) -> str:
    return SourceTree(root / "src").hash(root / file)


# what is run


@pytest.mark.parametrize(
    "line",
    [
        "from digs.room.module import name",
        "from digs.room import module",
        "from digs.room import module as other",
        "import digs.room.module",
        "import digs.room.module as other",
        "import os, digs.room.module",
        "def work():\n    from digs.room.module import name",
        "class Work:\n    def work(self):\n        import digs.room.module",
        "try:\n    import numpy\nexcept ImportError:\n    from digs.room import module",
        "if __name__ == '__main__':\n    from digs.room.module import name",
    ],
)
def test_every_way_to_import_is_seen(checkout, line):
    root = checkout({SCRIPT: line, "src/digs/room/module.py": "name = 1"})
    assert closure(root) == {"digs/room/module.py"}


def test_imports_of_imports_are_run_too_in_a_circle_or_not(checkout):
    root = checkout(
        {
            SCRIPT: "from digs.one import a",
            "src/digs/one.py": "from digs.two import b\na = 1",
            "src/digs/two.py": "b = 1\ndef late():\n    from digs.one import a, three",
            "src/digs/unused.py": "",
        }
    )
    (root / "src/digs/two.py").write_text("b = 1\ndef late():\n    from digs.one import a\n    import digs.three")
    (root / "src/digs/three.py").touch()
    assert closure(root) == {"digs/one.py", "digs/two.py", "digs/three.py"}
    assert closure(root, "src/digs/two.py") == {"digs/one.py", "digs/three.py"}


def test_a_module_runs_the_packages_that_it_lies_in_and_what_these_import(checkout):
    root = checkout({SCRIPT: "import digs.room.inner.module", "src/digs/room/inner/module.py": ""})
    (root / "src/digs/room/__init__.py").write_text("from digs.helper import name")
    (root / "src/digs/helper.py").write_text("name = 1")
    found = {path.relative_to(root / "src").as_posix() for path in SourceTree(root / "src").closure(root / SCRIPT)}
    packages = {"digs/__init__.py", "digs/room/__init__.py", "digs/room/inner/__init__.py"}
    assert found == {"scripts/script.py", "digs/helper.py", "digs/room/inner/module.py", *packages}


def test_other_packages_are_none_of_its_business(checkout):
    root = checkout({SCRIPT: "import os, numpy\nfrom digsy.room import x\nfrom .neighbour import y\nimport digsy.z"})
    assert closure(root) == set()


def test_modules_that_are_found_by_their_place_are_run(checkout):
    parts = {f"src/digs/parts/{name}.py": "" for name in ("one", "two")}
    outside = "from pkgutil import iter_modules\nfrom digs import parts\nfound = iter_modules(parts.__path__)"
    root = checkout({SCRIPT: "import digs.outside", "src/digs/outside.py": outside, **parts})
    assert closure(root) == {"digs/outside.py", "digs/parts/one.py", "digs/parts/two.py"}

    (root / "src/digs/parts/__init__.py").write_text("from pkgutil import iter_modules\nx = iter_modules(__path__)")
    (root / SCRIPT).write_text("import digs.parts")
    assert closure(root) == {"digs/parts/one.py", "digs/parts/two.py"}
    before = hashed(root)
    (root / "src/digs/parts/three.py").touch()
    assert closure(root) == {f"digs/parts/{name}.py" for name in ("one", "two", "three")}
    assert hashed(root) != before


def test_what_records_a_run_is_no_part_of_what_makes_its_numbers(checkout):
    files = {"src/digs/provenance/records.py": "note = 1", "src/digs/room/module.py": ""}
    root = checkout({SCRIPT: "from digs.provenance.records import note\nfrom digs.room import module", **files})
    assert closure(root) == {"digs/room/module.py"}


def test_python_imports_what_the_closure_foretells():
    program = "import sys; from digs.config import everything as e; e.stage_sections(); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=PATIENCE)
    tree = SourceTree(paths.ROOT / "src")
    imported = {tree.module(name) for name in run.stdout.split() if name.split(".")[0] == "digs"}
    assert len(imported) > 20
    assert imported == set(tree.closure(tree.module("digs.config.everything")))


# what is refused


def test_a_name_from_the_face_of_a_package_is_refused_with_the_remedy(checkout, refused):
    """It is imported when it is asked for: from where, no closure can tell."""
    root = checkout({SCRIPT: "import digs.user", "src/digs/user.py": "\nfrom digs.room import shown"})
    checkout({"src/digs/room/module.py": "shown = 1", "src/digs/base/lazy.py": ""})
    face = "from digs.base.lazy import face\n__all__, __getattr__, __dir__ = face(__name__, {'shown': 'module'})"
    (root / "src/digs/room/__init__.py").write_text(f"{face}\nown = 1")
    with refused("src/digs/user.py, line 2", "imports shown from the package digs.room", "module that defines it"):
        closure(root)
    (root / "src/digs/user.py").write_text("from digs.room import module, own")
    assert closure(root) == {"digs/user.py", "digs/room/module.py", "digs/base/lazy.py"}
    (root / SCRIPT).write_text("from digs.room import shown")
    with refused(SCRIPT, "imports shown"):
        closure(root)


@pytest.mark.parametrize("line", ["import digs.gone", "from digs.gone import x", "from digs.room.gone import x"])
def test_a_module_that_is_not_there_is_told_in_one_sentence(checkout, refused, line):
    root = checkout({SCRIPT: "import digs.room.module", "src/digs/room/module.py": line})
    with refused("src/digs/room/module.py", "gone", "not there"):
        hashed(root)


def test_a_file_that_is_missing_or_no_python_is_told(checkout, refused):
    root = checkout({"src/digs/room/broken.py": "def ("})
    with refused(SCRIPT, "missing", "git checkout"):
        hashed(root)
    with refused("src/digs/room/broken.py", "not Python"):
        hashed(root, "src/digs/room/broken.py")


# what is hashed

SOURCE = '''"""What it is for."""
from digs.room.module import name

LIMIT = 3  # galaxies

class Work:
    """A class."""

    def half(self, x: float, times: int = 1) -> float:
        """Return the half."""
        return x / (2 * times)
'''

SAME = {
    "comment": ("# galaxies", "# many galaxies"),
    "docstring of the module": ("What it is for.", "What it is really for."),
    "docstring of a class": ('"""A class."""', '"""A class, of\n    two lines."""'),
    "no docstring": ('        """Return the half."""\n', ""),
    "blank lines": ("LIMIT", "\n\nLIMIT"),
    "parentheses and spaces": ("return x / (2 * times)", "return (x/(2*times))"),
    "quotes and breaks": (
        "half(self, x: float, times: int = 1)",
        "half(\n  self,\n x: float, times: int = 1,\n)",
    ),
}

OTHER = {
    "constant": ("LIMIT = 3", "LIMIT = 4"),
    "type of a constant": ("LIMIT = 3", "LIMIT = 3.0"),
    "default": ("times: int = 1", "times: int = 2"),
    "annotation": ("x: float", "x: int"),
    "operator": ("2 * times", "2 + times"),
    "name": ("LIMIT", "MOST"),
    "one more statement": ("LIMIT = 3", "LIMIT = 3; LIMIT"),
    "decorator": ("def half(self,", "@staticmethod\n    def half("),
    "string that is no docstring": ("LIMIT = 3", "'three'\nLIMIT = 3"),
}


def edited(root: Path, edit: tuple[str, str]) -> None:
    before, after = edit
    assert before in SOURCE
    (root / SCRIPT).write_text(SOURCE.replace(before, after))


@pytest.mark.parametrize("edit", SAME)
def test_comments_docstrings_and_layout_mean_nothing(checkout, edit):
    root = checkout({SCRIPT: SOURCE, "src/digs/room/module.py": "name = 1"})
    before = hashed(root)
    edited(root, SAME[edit])
    assert hashed(root) == before


@pytest.mark.parametrize("edit", OTHER)
def test_every_statement_means_something(checkout, edit):
    root = checkout({SCRIPT: SOURCE, "src/digs/room/module.py": "name = 1"})
    before = hashed(root)
    edited(root, OTHER[edit])
    assert hashed(root) != before


def test_the_hash_is_that_of_all_that_is_run_and_of_nothing_else(checkout):
    root = checkout({SCRIPT: SOURCE, "src/digs/room/module.py": "name = 1", "src/digs/room/other.py": "x = 1"})
    before = hashed(root)
    (root / "src/digs/room/other.py").write_text("x = 2")
    assert hashed(root) == before
    (root / "src/digs/room/module.py").write_text("# one\nname = 1\n")
    assert hashed(root) == before
    (root / "src/digs/room/module.py").write_text("name = 2")
    deeper = hashed(root)
    (root / "src/digs/room/__init__.py").write_text("import os")
    assert len({before, deeper, hashed(root)}) == 3


def test_the_hash_knows_where_each_part_lies_but_not_where_the_checkout_does(checkout, tmp_path):
    root = checkout({SCRIPT: SOURCE, "src/digs/room/module.py": "name = 1"})
    before = hashed(root)
    elsewhere = root.rename(tmp_path.with_name(f"{tmp_path.name}-moved"))
    assert hashed(elsewhere) == before
    (elsewhere / SCRIPT).rename(elsewhere / "src/scripts/renamed.py")
    assert hashed(elsewhere, "src/scripts/renamed.py") != before


def test_reading_twice_changes_nothing(checkout):
    """Also where a string follows the docstring, which a second reading might take for one."""
    root = checkout({SCRIPT: '"""One."""\n"""Two."""\nx = 1'})
    tree = SourceTree(root / "src")
    assert tree.hash(root / SCRIPT) == tree.hash(root / SCRIPT) == hashed(root)
    (root / SCRIPT).write_text('"""One."""\n"""Three."""\nx = 1')
    assert tree.hash(root / SCRIPT) != hashed(root)


def test_the_code_of_this_checkout_is_read_once():
    first = code_hash(__file__)
    assert code_hash(__file__) == first == SourceTree(paths.ROOT / "src").hash(Path(__file__).resolve())
