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
from digs.base.git import listed_files
from digs.provenance.pipeline import Pipeline

_NOT_COPIED = {".git", ".venv", ".dvc/cache", ".dvc/tmp", "data-store", ".snakemake", ".showyourwork", "build"}


_SHOWN = 6  # words of a command that failed


_MADE = ("src/data/", "src/tex/figures/", "src/tex/output/")


def tracked_files(root: Path) -> list[str]:
    """Return the files that git tracks or would track; where git cannot tell, all but what is large or made."""
    if (listed := listed_files(root)) is None:
        if (root / ".git").exists():
            print(f"git cannot list the files of {root}: all are taken but data and builds.", file=sys.stderr)
        listed = [name for name in _walk(root) if not name.startswith(_MADE) or Path(name).name == ".gitignore"]
    return sorted(name for name in listed if (root / name).is_file())


def _walk(root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        place = Path(folder).relative_to(root)
        folders[:] = [name for name in folders if name != "__pycache__" and str(place / name) not in _NOT_COPIED]
        yield from (str(place / name) for name in files)


def environment(tree: Path) -> dict[str, str]:
    """Return what commands in a copy see: this Python's programs, the copy's own digs, no other git, no display."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    programs, imports = str(Path(sys.executable).parent), kept.get("PYTHONPATH", "")
    return kept | {
        "MPLBACKEND": "Agg",
        "PATH": os.pathsep.join([programs, kept.get("PATH", os.defpath)]),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(tree / "src"), imports])),
    }


def execute(tree: Path, *command: str) -> None:
    """Run a command in a copy.

    Raises:
        DigsError: there is no such command, or it failed; the last line that it said.
    """
    seen = environment(tree)
    if shutil.which(command[0], path=seen["PATH"]) is None:
        raise DigsError(f"`{command[0]}` is not on PATH; install it.")
    ended = subprocess.run(command, cwd=tree, env=seen, stdin=subprocess.DEVNULL, capture_output=True)
    if ended.returncode:
        words = ended.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        shown = " ".join(Path(part).name if part == sys.executable else part for part in command[:_SHOWN])
        shown += " ..." * (len(command) > _SHOWN)
        raise DigsError(f"`{shown}` failed in a clean copy: {words[-1].rstrip('.')}.")


@contextmanager
def clean_copy(pipeline: Pipeline, data: Iterable[str]) -> Iterator[Path]:
    """Make a temporary copy of the tree with these data products as dvc.lock has them, wherever DVC keeps them.

    Raises:
        DigsError: a file cannot be read, or there is no room.
    """
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
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
        target.chmod(target.stat().st_mode | 0o200)  # DVC protects its own copies
    except OSError as error:
        raise DigsError(f"{source} cannot be copied to {target.parent} ({error.strerror}); mend that.") from None
