"""What git knows of a checkout."""

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from digs.base import paths

# variables by which whoever calls, such as a hook of another repository, points git elsewhere
_ELSEWHERE = {
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_WORK_TREE",
}


DIRTY = "-dirty"  # behind a commit from which tracked files differ


def ask_git(root: Path, *arguments: str) -> bytes | None:
    """Return what a command of git that changes nothing says of a checkout; None where git cannot tell.

    It cannot where git is not installed, where the checkout is no repository, as an unpacked archive (one that it may
    lie in is not meant), and where the command fails. Files of another owner are no obstacle: who runs the code of a
    checkout trusts it.
    """
    top = _git(root, "rev-parse", "--show-toplevel")
    if top is None or Path(os.fsdecode(top.rstrip(b"\n"))).resolve() != root.resolve():
        return None
    return _git(root, *arguments)


def _git(root: Path, *arguments: str) -> bytes | None:
    seen = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    command = ["git", "-C", str(root), "-c", f"safe.directory={root.resolve()}", *arguments]
    try:
        ended = subprocess.run(
            command, env=seen | {"GIT_OPTIONAL_LOCKS": "0"}, stdin=subprocess.DEVNULL, capture_output=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return ended.stdout


def _word(root: Path, *arguments: str) -> str:
    said = ask_git(root, *arguments)
    return "unknown" if said is None else said.decode(errors="replace").strip()


def git_commit(root: Path = paths.ROOT, besides: Iterable[str] = ()) -> str:
    """Return the commit of a checkout, with '-dirty' where tracked files differ from it; 'unknown' outside git.

    Args:
        root: of the checkout.
        besides: files and folders in it that may differ.
    """
    commit = _word(root, "describe", "--always", "--abbrev=12", "--exclude=*")
    others = [f":(exclude){name}" for name in besides]
    changes = ask_git(root, "status", "--porcelain", "--untracked-files=no", "--", ".", *others)
    return commit + DIRTY if changes else commit


def tree_hash(root: Path = paths.ROOT) -> str:
    """Return git's hash of the tree of the commit; 'unknown' outside git."""
    return _word(root, "rev-parse", "HEAD^{tree}")


def listed_files(root: Path) -> list[str] | None:
    """Return the files that git tracks or would track, also those that are gone; None where git cannot tell."""
    said = ask_git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return None if said is None else sorted({os.fsdecode(name) for name in said.split(b"\0") if name})
