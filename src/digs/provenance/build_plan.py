"""What a build of the paper does for the data of each stage: nothing, fetch them, or run the stage.

Only DVC judges what is out of date: it compares contents, where Snakemake compares times. As it takes seconds to say
that nothing changed, it is asked about those stages alone of which something is not, to the byte, as dvc.lock has it,
or of which dvc.yaml says what is not understood here.

Also runs where showyourwork has an environment of its own: with Python 3.10, PyYAML and DVC, and nothing else.
"""

import hashlib
import json
import shlex
import subprocess
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from digs.base.errors import DigsError
from digs.provenance.documents import names, outputs, read_yaml, value_at

PARAMS = "params.yaml"
_UNDERSTOOD = {"cmd", "deps", "params", "outs", "metrics", "plots", "desc", "meta"}  # what dvc.yaml says of a stage
_COMPARED = {"path", "hash", "md5", "size"}  # what dvc.lock says of a file


def dvc_status(root: Path, stages: list[str]) -> Mapping[str, list[Any]]:
    """Return what DVC finds changed in stages, {stage: [change, ...]}.

    Raises:
        DigsError: there is no DVC, or it refuses.
    """
    try:
        ended = subprocess.run(["dvc", "status", "--json", *stages], cwd=root, capture_output=True, text=True)
    except FileNotFoundError:
        raise DigsError("DVC is not installed beside showyourwork; `pip install dvc` there.") from None
    if ended.returncode:
        words = (ended.stderr.strip() or "it said nothing").splitlines()[0].removeprefix("ERROR: ")
        raise DigsError(f"`dvc status` fails ({words}); mend what it complains of.")
    return json.loads(ended.stdout)


class BuildPlan:
    """The stages of a tree, and what a build does for their data.

    Args:
        root: the tree.

    Attributes:
        outs: the data products of every stage.
        doubtful: the stages about which DVC was asked.

    Raises:
        DigsError: dvc.yaml or dvc.lock cannot be read, or DVC refuses to judge.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._entries = read_yaml(root / "dvc.yaml").get("stages", {})
        self._lock = read_yaml(root / "dvc.lock").get("stages", {})
        self._hashes: dict[str, str | None] = {}
        self.outs = {name: outputs(entry) for name, entry in self._entries.items()}
        self.doubtful = [name for name in self.outs if not self._as_locked(name)]
        status = dvc_status(root, self.doubtful) if self.doubtful else {}
        self._changed = {name for name, changes in status.items() if self._says_changed(changes)}

    @cached_property
    def made(self) -> set[str]:
        """Return the data products of all stages."""
        return {out for outs in self.outs.values() for out in outs}

    @cached_property
    def stale(self) -> set[str]:
        """Return the stages that have to run: something changed since they ran, or since one that they rest on did."""
        return {name for name in self.outs if self._changed.intersection(self.lineage(name))}

    def lineage(self, name: str) -> list[str]:
        """Return the stage and all that it rests on, in the order of dvc.yaml."""
        found, waiting = set(), [name]
        while waiting:
            if (one := waiting.pop()) not in found:
                found.add(one)
                waiting.extend(self._upstream[one])
        return [one for one in self.outs if one in found]

    def recipe(self, name: str) -> list[str]:
        """Return the shell commands that fetch what did not change and run what did.

        (`dvc repro --pull` alone runs, be it for hours, what it cannot fetch.)
        """
        missing = [one for one in self.lineage(name) if one not in self.stale and self._absent(one)]
        fetched, commands = missing if name in self.stale else [name], []
        if fetched:
            sorry = (
                f"The data of {', '.join(fetched)} cannot be fetched: DVC's remote lacks them or is damaged. "
                "`git checkout data-store` restores the remote inside this repository; `dvc repro` makes them anew."
            )
            commands.append(f"dvc pull -q {' '.join(fetched)} || {{ echo {shlex.quote(sorry)} >&2; exit 1; }}")
        return commands + ([f"dvc repro --pull {name}"] if name in self.stale else [])

    def _absent(self, name: str) -> bool:
        return not all((self._root / out).exists() for out in self.outs[name])

    @cached_property
    def _upstream(self) -> dict[str, set[str]]:
        """The stages that each rests on without others between; a dependency may be a folder, or lie in one."""
        makers = {PurePosixPath(out): name for name, outs in self.outs.items() for out in outs}
        found: dict[str, set[str]] = {}
        for name, entry in self._entries.items():
            deps = {PurePosixPath(dep) for dep in names(entry.get("deps", []))}
            around = {folder for dep in deps for folder in dep.parents}
            found[name] = {
                maker for out, maker in makers.items() if out in deps or out in around or deps.intersection(out.parents)
            }
        return found

    def _says_changed(self, changes: list[Any]) -> bool:
        """Return whether anything changed since a stage ran. (Data that is only absent did not.)"""
        for change in changes:
            if not isinstance(change, dict):  # the command
                return True
            for file, state in (pair for files in change.values() for pair in files.items()):
                if file not in self.made or state not in ("deleted", "not in cache"):
                    return True
        return False

    def _as_locked(self, name: str) -> bool:
        """Return whether a stage is, beyond doubt, as dvc.lock has it, but for data that is absent."""
        entry, lock = self._entries[name], self._lock.get(name)
        if lock is None or not isinstance(entry, dict) or not entry.keys() <= _UNDERSTOOD:
            return False
        params = entry.get("params", [])
        if not all(isinstance(param, str) for param in params):
            return False
        values = {PARAMS: {param: value_at(self._params, param) for param in params}} if params else {}
        return (
            entry["cmd"] == lock.get("cmd")
            and values == lock.get("params", {})
            and self._files_as_locked(names(entry.get("deps", [])), lock.get("deps", []))
            and self._files_as_locked(self.outs[name], lock.get("outs", []))
        )

    def _files_as_locked(self, files: list[str], locked: Iterable[Mapping[str, Any]]) -> bool:
        known = {each["path"]: each for each in locked}
        return known.keys() == set(files) and all(
            each.keys() <= _COMPARED
            and each.get("hash") == "md5"
            and (self._md5(file) == each["md5"] or (file in self.made and not (self._root / file).exists()))
            for file, each in known.items()
        )

    @cached_property
    def _params(self) -> dict[str, Any]:
        return read_yaml(self._root / PARAMS)

    def _md5(self, file: str) -> str | None:
        if file not in self._hashes:
            path = self._root / file
            content = path.read_bytes() if path.is_file() else None
            self._hashes[file] = None if content is None else hashlib.md5(content, usedforsecurity=False).hexdigest()
        return self._hashes[file]
