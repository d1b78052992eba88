"""The stages of dvc.yaml, and whether dvc.lock still describes what lies in the tree.

DVC compares contents by hash; so does this, by the hashes that dvc.lock has, without starting DVC.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, NotRequired

from pydantic import ConfigDict, Field
from typing_extensions import TypedDict  # the one that pydantic checks in Python 3.11

from digs.base.errors import DigsError
from digs.files.atomic import md5
from digs.provenance.documents import names, outputs, read_document, value_at

STORES = (".dvc/cache/files/md5", "data-store/files/md5")  # where DVC keeps files by hash

File = str | Annotated[dict[str, Any], Field(min_length=1, max_length=1)]  # by its name, or that with its options


class StageMeta(TypedDict, total=False):
    """What dvc.yaml says of a stage that DVC does not use."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    takes: str
    needs: str


class StageEntry(TypedDict):
    """A stage of dvc.yaml."""

    cmd: Annotated[str, Field(pattern=r"^python \S")]  # and a script
    desc: NotRequired[str]
    meta: NotRequired[StageMeta]
    deps: NotRequired[list[File]]
    params: NotRequired[list[File]]
    outs: NotRequired[list[File]]
    metrics: NotRequired[list[File]]
    plots: NotRequired[list[File]]


class StageFile(TypedDict):
    """dvc.yaml."""

    stages: dict[str, StageEntry]


class LockedFile(TypedDict):
    """A file of dvc.lock."""

    path: str
    md5: str


class LockEntry(TypedDict):
    """A stage of dvc.lock."""

    cmd: str
    deps: NotRequired[list[LockedFile]]
    params: NotRequired[dict[str, dict[str, Any]]]
    outs: NotRequired[list[LockedFile]]


class LockFile(TypedDict):
    """dvc.lock."""

    stages: dict[str, LockEntry]


@dataclass(frozen=True)
class Stage:
    """One stage of dvc.yaml: what it is, what it costs, what it reads, and what it makes.

    takes: its time as words.
    needs: what it needs besides its files, such as SPS_HOME.
    """

    name: str
    command: str
    about: str = ""
    takes: str = "not recorded"
    needs: str = ""
    deps: list[str] = field(default_factory=list)
    params: list[str] = field(default_factory=list)
    outs: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, name: str, entry: StageEntry) -> "Stage":
        """Return a stage of that name by its entry in dvc.yaml."""
        return cls(
            name,
            entry["cmd"],
            entry.get("desc", ""),
            **entry.get("meta", {}),
            deps=names(entry.get("deps", [])),
            params=names(entry.get("params", [])),
            outs=outputs(entry),
        )


class Pipeline:
    """dvc.yaml, dvc.lock and params.yaml of a tree."""

    def __init__(self, root: Path) -> None:
        self.root = root
        stages = read_document(root, "dvc.yaml", StageFile)["stages"]
        self.stages = {name: Stage.of(name, entry) for name, entry in stages.items()}
        self._lock = read_document(root, "dvc.lock", LockFile)["stages"]
        self._hashes: dict[str, str | None] = {}

    @cached_property
    def params(self) -> dict[str, Any]:
        """Return the values of params.yaml."""
        return read_document(self.root, "params.yaml", dict[str, Any])

    @cached_property
    def _makers(self) -> dict[str, Stage]:
        return {out: stage for stage in self.stages.values() for out in stage.outs}

    @cached_property
    def locked(self) -> dict[str, str]:
        """Return the hash that dvc.lock has of every data product."""
        return {out["path"]: out["md5"] for stage in self._lock.values() for out in stage.get("outs", [])}

    def entry(self, stage: str) -> dict[str, Any] | None:
        """Return the entry of a stage in dvc.lock; None where it has never run."""
        return self._lock.get(stage)

    def maker(self, file: str) -> Stage | None:
        """Return the stage that makes a file."""
        return self._makers.get(file)

    def lineage(self, files: Iterable[str]) -> list[Stage]:
        """Return the stages that files come from, each after those that it rests on.

        Raises:
            DigsError: a stage rests on itself.
        """
        found: dict[str, Stage] = {}
        for file in files:
            self._trace(file, found, ())
        return list(found.values())

    def _trace(self, file: str, found: dict[str, Stage], below: tuple[str, ...]) -> None:
        stage = self.maker(file)
        if stage is None or stage.name in found:
            return
        if stage.name in below:
            raise DigsError(f"dvc.yaml: stage {stage.name} depends on what it makes itself, {file}; mend its deps.")
        for dep in stage.deps:
            self._trace(dep, found, (*below, stage.name))
        found[stage.name] = stage

    def last(self, files: Iterable[str]) -> set[str]:
        """Return the stages that make files, but for those upstream of others that do."""
        makers = [stage for file in files if (stage := self.maker(file))]
        upstream = {above.name for stage in makers for above in self.lineage(stage.deps)}
        return {stage.name for stage in makers} - upstream

    def hash(self, file: str) -> str | None:
        """Return the hash of a file as it lies in the tree; None where there is none.

        Raises:
            DigsError: it may not be read.
        """
        if file not in self._hashes:
            path = self.root / file
            try:
                self._hashes[file] = md5(path) if path.is_file() else None
            except OSError as error:
                raise DigsError(f"{file} cannot be read ({error.strerror}); mend that.") from None
        return self._hashes[file]

    def stored(self, file: str) -> Path | None:
        """Return a copy of a data product with the hash that dvc.lock has: in the tree, or in one of DVC's stores."""
        wanted = self.locked.get(file)
        if wanted is None:
            return None
        if self.hash(file) == wanted:
            return self.root / file
        return next((path for path in self.kept(file) if md5(path) == wanted), None)

    def kept(self, file: str) -> list[Path]:
        """Return the files in DVC's stores that should be a data product with the hash that dvc.lock has."""
        wanted = self.locked.get(file, "")
        places = (self.root / store / wanted[:2] / wanted[2:] for store in STORES)
        return [path for path in places if wanted and path.is_file()]

    def parameters(self, stage: Stage) -> dict[str, Any]:
        """Return the values in params.yaml that a stage depends on."""
        return {name: value_at(self.params, name) for name in stage.params}
