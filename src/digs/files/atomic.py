"""Files that are written whole or not at all, and a record of those that are read."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from digs.base import paths
from digs.base.errors import DigsError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place when the block ends well, and goes when it does not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)  # mkstemp makes private files
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


_read: ContextVar[set[Path] | None] = ContextVar("read", default=None)


@contextmanager
def recording() -> Iterator[set[Path]]:
    """The data products, and other files asked for by `existing`, that are read while the block runs."""
    files: set[Path] = set()
    token = _read.set(files)
    try:
        yield files
    finally:
        _read.reset(token)


def existing(path: Path) -> Path:
    """The path itself.

    Raises:
        DigsError: there is no such file.
    """
    if not path.is_file():
        raise DigsError(f"{paths.shown(path)} is missing; fetch it with `dvc pull` or make it with `dvc repro`.")
    if (files := _read.get()) is not None:
        files.add(path)
    return path


def md5(path: Path) -> str:
    """The hash by which dvc.lock knows a file.

    Raises:
        DigsError: there is no such file.
    """
    with existing(path).open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file, whole or not at all."""
    write_text(path, json.dumps(content, indent=2, allow_nan=False) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON file that holds an object.

    Raises:
        DigsError: the file is missing or is not such JSON.
    """
    name = paths.shown(path)
    try:
        content = json.loads(existing(path).read_text())
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise DigsError(f"{name} is not JSON; fetch it again with `dvc checkout` or `dvc pull`.") from None
    if not isinstance(content, dict):
        raise DigsError(f"{name} does not hold a JSON object; fetch it again with `dvc checkout` or `dvc pull`.")
    return content
