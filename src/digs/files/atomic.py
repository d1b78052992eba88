"""Files that are written whole or not at all, and a record of those that are read."""

import errno
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from digs.base import paths
from digs.base.errors import DigsError
from digs.base.remedies import remedy


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path that takes the place of `path` when the block ends well, and goes when it does not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}-{secrets.token_hex(8)}{path.suffix}")
    # with the permissions that the umask leaves to new files, which mkstemp would not give
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


_read: ContextVar[set[Path] | None] = ContextVar("read", default=None)


@contextmanager
def recording() -> Iterator[set[Path]]:
    """Collect the data products, and other files asked for by `existing`, that are read while the block runs."""
    files: set[Path] = set()
    token = _read.set(files)
    try:
        yield files
    finally:
        _read.reset(token)


def existing(path: Path) -> Path:
    """Return the path itself.

    Raises:
        DigsError: there is no such file.
    """
    if not path.is_file():
        advice = remedy("fetch it with `dvc pull` or make it with `dvc repro`")
        raise DigsError(f"{paths.shown(path)} is missing; {advice}.")
    if (files := _read.get()) is not None:
        files.add(path)
    return path


# errors that say nothing against the file
OF_THE_SYSTEM = {errno.EAGAIN, errno.EACCES, errno.EPERM, errno.ENOLCK, errno.EMFILE, errno.ENFILE}


def unreadable(path: Path, error: OSError) -> DigsError:
    """Return what to say of a file that the system does not let one read."""
    if isinstance(error, BlockingIOError):
        return DigsError(f"{paths.shown(path)} is busy, as another process writes it; try again when that is done.")
    reason = os.strerror(error.errno or 0).lower()
    return DigsError(f"{paths.shown(path)} cannot be read ({reason}); see to that and try again.")


def md5(path: Path) -> str:
    """Return the hash by which dvc.lock knows a file.

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
    name, advice = paths.shown(path), remedy("fetch it again with `dvc checkout` or `dvc pull`")
    try:
        content = json.loads(existing(path).read_text())
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise DigsError(f"{name} is not JSON; {advice}.") from None
    except OSError as error:
        raise unreadable(path, error) from None
    if not isinstance(content, dict):
        raise DigsError(f"{name} does not hold a JSON object; {advice}.")
    return content
