"""The stages of dvc.yaml, and whether dvc.lock still describes what lies in the tree.

DVC compares contents by hash; so does this, by the hashes that dvc.lock has, without starting DVC.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from digs.base.errors import DigsError
from digs.files.atomic import md5

STORES = (".dvc/cache/files/md5", "data-store/files/md5")  # where DVC keeps files by hash


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Reads as DVC does, by YAML 1.2: 1e-05 is a number, and yes, no, on and off are words."""


_BOOL = "tag:yaml.org,2002:bool"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag != _BOOL]
    for first, known in _Loader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOL, re.compile(r"(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"[-+]?\d+[eE][-+]?\d+$"), list("-+0123456789"))


def parse_yaml(text: str) -> Any:
    """Return what a YAML text says."""
    return yaml.load(text, _Loader)


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file that holds a mapping.

    Raises:
        DigsError: there is no such file, or it is no YAML mapping.
    """
    try:
        content = parse_yaml(path.read_text())
    except OSError:
        raise DigsError(
            f"{path.name} is missing in {path.parent}; restore it with `git checkout {path.name}`."
        ) from None
    except yaml.YAMLError:
        raise DigsError(f"{path} is not YAML; restore it with `git checkout {path.name}`.") from None
    if not isinstance(content, dict):
        raise DigsError(f"{path} does not hold a mapping; restore it with `git checkout {path.name}`.")
    return content


def names(entries: Iterable[Any]) -> list[str]:
    """The files of a list of dvc.yaml, where an entry with options is a mapping from its name."""
    return [entry if isinstance(entry, str) else next(iter(entry)) for entry in entries]


def outputs(entry: Mapping[str, Any]) -> list[str]:
    """The files that a stage of dvc.yaml makes."""
    return [out for kind in ("outs", "metrics", "plots") for out in names(entry.get(kind, []))]


@dataclass(frozen=True)
class Stage:
    """One stage of dvc.yaml: what it is, what it costs, what it reads, and what it makes.

    takes: its time as words. needs: what it needs besides its files, such as SPS_HOME.
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
    def of(cls, name: str, entry: Mapping[str, Any]) -> "Stage":
        return cls(
            name,
            entry["cmd"],
            entry.get("desc", ""),
            **entry.get("meta", {}),
            deps=names(entry.get("deps", [])),
            params=names(entry.get("params", [])),
            outs=outputs(entry),
        )


def value_at(params: Any, name: str) -> Any:
    """The value of a nested mapping at `section.name`; None where there is none."""
    for part in name.split("."):
        params = params.get(part) if isinstance(params, dict) else None
    return params


class Pipeline:
    """dvc.yaml, dvc.lock and params.yaml of a tree."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.stages = {name: Stage.of(name, entry) for name, entry in read_yaml(root / "dvc.yaml")["stages"].items()}
        self._lock = read_yaml(root / "dvc.lock")["stages"]
        self._hashes: dict[str, str | None] = {}

    @cached_property
    def params(self) -> dict[str, Any]:
        return read_yaml(self.root / "params.yaml")

    @cached_property
    def _makers(self) -> dict[str, Stage]:
        return {out: stage for stage in self.stages.values() for out in stage.outs}

    @cached_property
    def locked(self) -> dict[str, str]:
        """The hash that dvc.lock has of every data product."""
        return {out["path"]: out["md5"] for stage in self._lock.values() for out in stage.get("outs", [])}

    def entry(self, stage: str) -> dict[str, Any] | None:
        """The entry of a stage in dvc.lock; None where it has never run."""
        return self._lock.get(stage)

    def maker(self, file: str) -> Stage | None:
        """The stage that makes a file."""
        return self._makers.get(file)

    def lineage(self, files: Iterable[str]) -> list[Stage]:
        """The stages that files come from, each after those that it rests on."""
        found: dict[str, Stage] = {}
        for file in files:
            if (stage := self.maker(file)) and stage.name not in found:
                found |= {above.name: above for above in self.lineage(stage.deps)} | {stage.name: stage}
        return list(found.values())

    def last(self, files: Iterable[str]) -> set[str]:
        """The stages that make files, but for those upstream of others that do."""
        makers = [stage for file in files if (stage := self.maker(file))]
        upstream = {above.name for stage in makers for above in self.lineage(stage.deps)}
        return {stage.name for stage in makers} - upstream

    def hash(self, file: str) -> str | None:
        """The hash of a file as it lies in the tree; None where there is none."""
        if file not in self._hashes:
            path = self.root / file
            self._hashes[file] = md5(path) if path.is_file() else None
        return self._hashes[file]

    def stored(self, file: str) -> Path | None:
        """A copy of a data product with the hash that dvc.lock has: in the tree, or in one of DVC's stores."""
        wanted = self.locked.get(file)
        if wanted is None:
            return None
        if self.hash(file) == wanted:
            return self.root / file
        kept = (self.root / store / wanted[:2] / wanted[2:] for store in STORES)
        return next((path for path in kept if path.is_file() and md5(path) == wanted), None)

    def parameters(self, stage: Stage) -> dict[str, Any]:
        """The values in params.yaml that a stage depends on."""
        return {name: value_at(self.params, name) for name in stage.params}

    def stale(self, stage: Stage) -> list[str]:
        """Why a stage would have to be run again: what changed since its entry in dvc.lock was made."""
        entry = self._lock.get(stage.name)
        if entry is None:
            return [f"stage {stage.name} has never run (it is not in dvc.lock)"]
        found = []
        if entry["cmd"] != stage.command:
            found.append("its command changed")
        recorded = {dep["path"]: dep["md5"] for dep in entry.get("deps", [])}
        for dep in stage.deps:
            if dep not in recorded:
                found.append(f"it depends on {dep} only since")
            elif (now := self.locked.get(dep) or self.hash(dep)) != recorded[dep]:
                found.append(f"{dep} changed" if now else f"{dep} is missing")
        found += [f"it no longer depends on {dep}" for dep in recorded if dep not in stage.deps]
        before = entry.get("params", {}).get("params.yaml", {})
        found += [
            f"{name} of params.yaml changed" for name, now in self.parameters(stage).items() if before.get(name) != now
        ]
        return [f"stage {stage.name} is stale: {reason}" for reason in found]
