"""`vouched.yaml`: changes of code that cannot move numbers, said in the open instead of run.

Each entry vouches for one stage: that code with the hash `new` gives the same outputs as code with the hash `old`, with
a reason and the evidence for it. The audit prints such a stage as vouched, never as it ran. A release has none.
"""

import io
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from digs.base.closures import SourceTree
from digs.base.errors import DigsError
from digs.base.git import ask_git
from digs.files.atomic import write_text
from digs.provenance.dependencies import round_trip
from digs.provenance.documents import read_document, read_yaml
from digs.provenance.pipeline import Pipeline, Stage
from digs.provenance.records import closure_hash, run_record

FILE = "vouched.yaml"
_HEAD = """\
# Stages whose code has changed since they ran, in a way that cannot move their numbers.
# `digs vouch` writes entries, `digs audit` prints them; a rerun of the stage makes its entry superfluous.
"""


class Voucher(BaseModel):
    """What is vouched for of one stage: old and new are hashes of its code, outputs are md5 by file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stage: str
    old: str
    new: str
    outputs: dict[str, str]
    reason: str
    evidence: str


def load_vouchers(root: Path) -> dict[str, Voucher]:
    """Return what is vouched for, by stage.

    Raises:
        DigsError: vouched.yaml is damaged, or names a stage twice.
    """
    path = root / FILE
    if not path.is_file():
        return {}
    entries = read_document(root, FILE, dict[str, list[Any] | None]).get("vouched") or []
    try:
        vouchers = [Voucher.model_validate(entry) for entry in entries]
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "its entries"
        raise DigsError(f"{FILE} is damaged at '{where}'; restore it with `git checkout {FILE}`.") from None
    names = [voucher.stage for voucher in vouchers]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise DigsError(f"{FILE} vouches for {', '.join(twice)} more than once; leave one entry of each.")
    return dict(zip(names, vouchers, strict=True))


def store_vouchers(root: Path, vouchers: dict[str, Voucher]) -> None:
    """Write vouched.yaml, in the order of the stages given."""
    buffer = io.StringIO()
    round_trip().dump({"vouched": [voucher.model_dump() for voucher in vouchers.values()]}, buffer)
    write_text(root / FILE, _HEAD + buffer.getvalue())


def vouch(root: Path, names: list[str], reason: str, evidence: str) -> dict[str, Voucher]:
    """Vouch for the code of stages as it is now; return all that is vouched for.

    `old` is the code of the stage's record; where it has none, that of an earlier voucher or, at last, that of the
    commit that wrote the stage's entry in dvc.lock.

    Raises:
        DigsError: a stage is unknown, has never run, or its code has not changed; or the words are empty.
    """
    if not (reason.strip() and evidence.strip()):
        raise DigsError(
            "Vouching wants a reason and evidence in words; say why no number can have moved, and what shows it."
        )
    pipeline, vouchers, tree = Pipeline(root), load_vouchers(root), SourceTree(root / "src")
    stages = {}
    for name in names:
        if name not in pipeline.stages:
            raise DigsError(f"There is no stage '{name}'; choose from: {', '.join(pipeline.stages)}.")
        stages[name] = pipeline.stages[name]
        if missing := [out for out in stages[name].outs if out not in pipeline.locked]:
            raise DigsError(f"Stage {name} has never run: dvc.lock lacks {', '.join(missing)}; run `dvc repro {name}`.")
    unknown = [name for name in names if run_record(root, name) is None and name not in vouchers]
    before = last_hashes(root, unknown)
    for name, stage in stages.items():
        record = run_record(root, name)
        old = record.code if record else vouchers[name].old if name in vouchers else before[name]
        outputs = {out: pipeline.locked[out] for out in stage.outs}
        new = closure_hash(root, stage, tree)
        if old == new:
            raise DigsError(
                f"The code of stage {name} has not changed, so that there is nothing to vouch for; leave it out."
            )
        vouchers[name] = Voucher(stage=name, old=old, new=new, outputs=outputs, reason=reason, evidence=evidence)
    ordered = {name: vouchers[name] for name in pipeline.stages if name in vouchers}
    store_vouchers(root, ordered)
    return ordered


def last_hashes(root: Path, names: list[str]) -> dict[str, str]:
    """Return the hash of the code of each stage at the commit that last wrote its entry in dvc.lock.

    Raises:
        DigsError: git does not know; or a stage has no entry.
    """
    if not names:
        return {}
    commits = _git(root, "log", "--format=%H", "--", "dvc.lock").decode().split()
    found, entries = {}, {}
    for place, commit in enumerate(commits):
        waiting = [name for name in names if name not in found]
        if not waiting:
            break
        entries = entries or _lock_at(root, commit)
        older = _lock_at(root, commits[place + 1]) if place + 1 < len(commits) else {}
        for name in waiting:
            if name in entries and entries[name] != older.get(name):
                found[name] = commit
        entries = older
    if lost := [name for name in names if name not in found]:
        raise DigsError(f"git knows no commit that wrote {', '.join(lost)} into dvc.lock; run `dvc repro` instead.")
    return {name: hash_at(root, commit, name) for name, commit in found.items()}


@contextmanager
def code_at(root: Path, commit: str) -> Iterator[Path]:
    """Give a folder with the code and the stages of a commit, which goes when the block ends."""
    content = _git(root, "archive", commit, "src/digs", "src/scripts", "dvc.yaml")
    with tempfile.TemporaryDirectory(prefix="digs-commit-") as folder:
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            # Python 3.11.2, which Debian has, knows no filters; the archive is git's own
            tar.extraction_filter = getattr(tarfile, "data_filter", None)
            tar.extractall(folder)
        yield Path(folder)


def hash_at(root: Path, commit: str, name: str) -> str:
    """Return the hash of the code of a stage at a commit."""
    with code_at(root, commit) as folder:
        stage = Stage.of(name, read_yaml(folder / "dvc.yaml")["stages"][name])
        return closure_hash(folder, stage)


def _lock_at(root: Path, commit: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="digs-lock-") as folder:
        path = Path(folder) / "dvc.lock"
        path.write_bytes(_git(root, "show", f"{commit}:dvc.lock"))
        return read_yaml(path)["stages"]


def _git(root: Path, *arguments: str) -> bytes:
    if (said := ask_git(root, *arguments)) is None:
        raise DigsError(f"git does not tell what {root} was (`git {arguments[0]}` failed); use a clone.")
    return said
