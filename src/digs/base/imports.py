"""Imports of other people's libraries that leave no trace in what belongs to the caller."""

import os
import random
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from types import ModuleType


@contextmanager
def unnoticed() -> Iterator[None]:
    """Give Python's random numbers back as they were: some libraries draw from them as they are imported."""
    state = random.getstate()
    try:
        yield
    finally:
        random.setstate(state)


@cache
def arviz() -> ModuleType:
    """Return ArviZ, imported in silence, and also where it cannot write its notes and numba's cache to the home."""
    with unnoticed(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # once a day it advertises its next version
        try:
            return import_module("arviz")
        except (OSError, RuntimeError):
            with _own_caches():
                return import_module("arviz")


@contextmanager
def _own_caches() -> Iterator[None]:
    """A folder that lives as long as the process, for numba's cache from now on, and for notes while the block runs."""
    import numba

    folder = _FOLDERS.setdefault("caches", tempfile.TemporaryDirectory(prefix="digs-")).name
    numba.config.CACHE_DIR = folder
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = folder
    try:
        yield
    finally:
        if before is None:
            del os.environ["XDG_CACHE_HOME"]
        else:
            os.environ["XDG_CACHE_HOME"] = before


_FOLDERS: dict[str, tempfile.TemporaryDirectory] = {}
