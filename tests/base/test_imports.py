"""Imports that leave no trace: of Python's random numbers, of warnings, of a home that cannot be written."""

import os
import random
import warnings
from pathlib import Path
from types import SimpleNamespace

import numba
import pytest

from digs.base import imports


@pytest.fixture
def importing(monkeypatch):
    """importing(result): importing ArviZ raises it, if it is an error, at first, and says where caches would be."""
    imports.arviz.cache_clear()
    monkeypatch.setattr(numba.config, "CACHE_DIR", numba.config.CACHE_DIR)

    def prepare(error: Exception | None):
        errors = [] if error is None else [error]

        def import_module(name: str) -> SimpleNamespace:
            random.random()
            warnings.warn("a new version is about to come", FutureWarning, stacklevel=1)
            if errors:
                raise errors.pop()
            return SimpleNamespace(name=name, caches=os.environ.get("XDG_CACHE_HOME"))

        monkeypatch.setattr(imports, "import_module", import_module)

    yield prepare
    imports.arviz.cache_clear()


@pytest.mark.parametrize("error", [None, PermissionError(13, "home"), RuntimeError("no locator available")])
def test_arviz_is_imported_in_silence(importing, error, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/as it was")
    importing(error)
    before = random.getstate()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = imports.arviz()
    assert random.getstate() == before
    assert found.name == "arviz"
    assert os.environ["XDG_CACHE_HOME"] == "/as it was"
    if error is None:
        assert found.caches == "/as it was"
    else:
        assert Path(found.caches).is_dir()
        assert found.caches == numba.config.CACHE_DIR


def test_variables_that_were_not_set_are_not_left_behind(importing, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    importing(PermissionError(13, "home"))
    imports.arviz()
    assert "XDG_CACHE_HOME" not in os.environ
