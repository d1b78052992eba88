"""Clean copies of the tree: what git tracks or would track, with data products by the hashes in dvc.lock."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from digs.base.errors import DigsError
from digs.provenance.pipeline import Pipeline

_NOT_COPIED = {".git", ".venv", ".dvc", "data-store", ".snakemake", ".showyourwork", "__pycache__", "build"}


_MADE = ("src/data/", "src/tex/figures/", "src/tex/output/")


def tracked_files(root: Path) -> list[str]:
    """The files that git tracks or would track; outside git all but what is large or made."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if (root / ".git").exists():
        listed = subprocess.run(command, capture_output=True, check=True).stdout.decode().split("\0")
        return sorted(name for name in set(listed) - {""} if (root / name).is_file())
    files = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    kept = (str(path) for path in files if not _NOT_COPIED & set(path.parts))
    return sorted(name for name in kept if not name.startswith(_MADE))


def environment(tree: Path) -> dict[str, str]:
    """What commands in a copy see: this Python's programs, the copy's own digs, no other git repository."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    programs, imports = str(Path(sys.executable).parent), kept.get("PYTHONPATH", "")
    return kept | {
        "PATH": os.pathsep.join([programs, kept["PATH"]]),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(tree / "src"), imports])),
    }


def execute(tree: Path, *command: str) -> None:
    """Run a command in a copy.

    Raises:
        DigsError: it failed; the last line that it said.
    """
    ended = subprocess.run(command, cwd=tree, env=environment(tree), stdin=subprocess.DEVNULL, capture_output=True)
    if ended.returncode:
        words = ended.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        shown = " ".join(Path(part).name if part == sys.executable else part for part in command)
        raise DigsError(f"`{shown}` failed in a clean copy: {words[-1].rstrip('.')}.")


@contextmanager
def clean_copy(pipeline: Pipeline, data: Iterable[str]) -> Iterator[Path]:
    """A temporary copy of the tree with these data products as dvc.lock has them, wherever DVC keeps them."""
    with tempfile.TemporaryDirectory(prefix="digs-copy-") as folder:
        tree = Path(folder)
        for name in tracked_files(pipeline.root):
            if not name.startswith("data-store/"):
                _copy(pipeline.root / name, tree / name)
        for name in data:
            if kept := pipeline.stored(name):
                _copy(kept, tree / name)
        yield tree


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)
    target.chmod(target.stat().st_mode | 0o200)  # DVC protects its own copies
