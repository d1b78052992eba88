"""What docstrings promise: every public name has an example that runs, and what they refer to in `digs` is there."""

import ast
import doctest
import re
from collections.abc import Iterator
from importlib import import_module
from inspect import isroutine
from pathlib import Path
from pkgutil import iter_modules
from pydoc import locate
from typing import Any

import pytest

import digs

PACKAGE = Path(digs.__file__).parent
FACES = ["digs", *(f"digs.{each.name}" for each in iter_modules(digs.__path__) if each.ispkg)]
MODULES = sorted(PACKAGE.rglob("*.py"))


def public() -> dict[Any, str]:
    """The classes and functions in the faces of the packages, and their names; some stand in two faces."""
    names = [f"{face}.{name}" for face in FACES for name in getattr(import_module(face), "__all__", ())]
    found = {locate(name): name for name in names}
    return {each: name for each, name in found.items() if isinstance(each, type) or isroutine(each)}


PUBLIC = public()


@pytest.mark.parametrize("documented", PUBLIC, ids=PUBLIC.values())
def test_examples_run(documented):
    """Those of a function, or of a class and its methods; none sees what another has imported."""
    # module=False: decorated methods, whose code lies in another module, have examples too
    tests = doctest.DocTestFinder().find(documented, documented.__name__, module=False, globs={})
    assert any(test.examples for test in tests)
    runner, said = doctest.DocTestRunner(verbose=False), []
    for test in tests:
        runner.run(test, out=said.append)
    assert not runner.failures, "".join(said)


def docstrings(module: Path) -> Iterator[str]:
    """Of a module and all that it defines."""
    for node in ast.walk(ast.parse(module.read_bytes())):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            yield ast.get_docstring(node) or ""


def references(module: Path) -> set[str]:
    """What docstrings call digs.SOMETHING."""
    return {found for text in docstrings(module) for found in re.findall(r"\bdigs(?:\.\w+)+", text)}


@pytest.mark.parametrize("module", [each for each in MODULES if references(each)], ids=lambda path: path.stem)
def test_what_docstrings_name_is_there(module):
    assert not [name for name in sorted(references(module)) if locate(name) is None]
