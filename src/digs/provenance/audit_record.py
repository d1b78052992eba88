"""The record of an audit, `audits/NAME.json`: what was found, of which commit, and on which machine.

`digs audit --record FILE` writes one. Records of several machines say together which figures, tables and numbers are
the same to the bit everywhere, and which only to the tolerance.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from typing_extensions import TypedDict

from digs.base.errors import DigsError
from digs.base.git import DIRTY, ask_git, git_commit, tree_hash
from digs.files.atomic import write_json
from digs.provenance.audit import Agreement, AuditVerdict, Finding, RedrawnFinding
from digs.provenance.documents import read_document
from digs.provenance.records import circumstances, versions

FOLDER = "audits"
_STEERING = ("OPENBLAS_CORETYPE", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # of linear algebra
_DRAWING = ("h5py", "matplotlib")  # packages whose versions decide what is drawn, besides those of a stage's record


class AuditScope(TypedDict):
    """What was asked for: a figure (None: everything), redrawing, and stages to run anew (empty: all; None: none)."""

    figure: str | None
    rebuild: bool
    from_scratch: list[str] | None


class RecordedFinding(TypedDict):
    """A finding as a record keeps it."""

    verdict: AuditVerdict
    text: str


class AuditRecord(BaseModel):
    """What is kept of an audit.

    dirty: whether files, records of audits aside, differed from the commit; None where git could not tell.
    redrawn: the worst agreement of each figure, table and group of numbers that was to be redrawn.
    blas: the kernels of linear algebra in the processes that drew; none where nothing was drawn.
    environment: the variables that were set to steer linear algebra, such as to the kernel of another processor.
    stopped: the error that ended the audit before it was complete.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    date: str
    commit: str
    tree: str
    dirty: bool | None
    scope: AuditScope
    counts: dict[AuditVerdict, int]
    findings: list[RecordedFinding]
    redrawn: dict[str, Agreement]
    machine: dict[str, Any]
    blas: list[str]
    environment: dict[str, str]
    versions: dict[str, str]
    system: str
    wall_seconds: float
    stopped: str | None

    @model_validator(mode="after")
    def _adds_up(self) -> "AuditRecord":
        if self.counts != _counts(self.findings):
            raise ValueError("its counts are not those of its findings")
        return self


def _counts(findings: list[RecordedFinding]) -> dict[AuditVerdict, int]:
    return {verdict: sum(finding["verdict"] == verdict for finding in findings) for verdict in AuditVerdict}


def _redrawn(findings: list[RedrawnFinding]) -> dict[str, Agreement]:
    """The worst that was found of each."""
    worst: dict[str, Agreement] = {}
    for finding in findings:
        worst[finding.exhibit] = max(
            worst.get(finding.exhibit, Agreement.BITS), finding.agreement, key=list(Agreement).index
        )
    return worst


def _differs(root: Path) -> bool | None:
    """Whether files differ from the commit or are new; other records of audits count for nothing."""
    said = ask_git(root, "status", "--porcelain", "--", ".", f":(exclude){FOLDER}")
    return None if said is None else bool(said.strip())


@contextmanager
def recorded_audit(root: Path, file: Path | None, scope: AuditScope) -> Iterator[list[Finding]]:
    """Give a list for the findings of an audit, and write the record when the block ends, by an error too.

    Args:
        root: the tree that is audited.
        file: what to write; None writes nothing.
        scope: what was asked for.

    Raises:
        DigsError: the file cannot be written; before the block starts.
    """
    findings: list[Finding] = []
    if file is None:
        yield findings
        return
    _check_place(file)
    start = time.perf_counter()
    before = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": git_commit(root).removesuffix(DIRTY),
        "tree": tree_hash(root),
        "dirty": _differs(root),
        "scope": scope,
    }
    stopped = None
    try:
        yield findings
    except DigsError as error:
        stopped = error
    seconds = round(time.perf_counter() - start, 1)
    record = _record(findings, **before, wall_seconds=seconds, stopped=str(stopped) if stopped else None)
    try:
        write_json(file, record.model_dump(mode="json"))
    except OSError as error:
        raise DigsError(f"{file} could not be written ({error.strerror}); mend that, and audit again.") from None
    if stopped:
        raise stopped


def _record(findings: list[Finding], **about: Any) -> AuditRecord:
    drawn = [finding for finding in findings if isinstance(finding, RedrawnFinding)]
    kept = [RecordedFinding(verdict=finding.verdict, text=finding.text) for finding in findings]
    here = circumstances()
    return AuditRecord(
        **about,
        counts=_counts(kept),
        findings=kept,
        redrawn=_redrawn(drawn),
        machine=here["machine"],
        blas=sorted({kernel for finding in drawn for kernel in finding.kernels}),
        environment={name: os.environ[name] for name in _STEERING if name in os.environ},
        versions=here["versions"] | versions(_DRAWING),
        system=here["system"],
    )


def _check_place(file: Path) -> None:
    """Check that a record can be written to a file, and that it takes the place of nothing but a record."""
    if file.suffix != ".json":
        raise DigsError(f"The record of an audit is JSON, and {file} does not end in .json; name it so.")
    if file.is_dir():
        raise DigsError(f"{file} is a folder; name a file in it.")
    if not file.parent.is_dir():
        raise DigsError(f"The folder {file.parent} does not exist; make it, or name another file.")
    if file.exists():
        try:
            read_audit(file.parent, file.name)
        except DigsError:
            raise DigsError(f"{file} exists and is no record of an audit; name another file.") from None
    try:
        tempfile.TemporaryFile(dir=file.parent).close()
    except OSError as error:
        raise DigsError(f"{file} cannot be written ({error.strerror}); name another file.") from None


def read_audit(root: Path, name: str) -> AuditRecord:
    """Return the record of an audit by its file in a tree.

    Raises:
        DigsError: it is damaged.
    """
    content = read_document(root, name, dict[str, Any])
    try:
        return AuditRecord.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or first["msg"].removeprefix("Value error, ")
        raise DigsError(f"{name} is damaged ({where}); restore it with `git checkout {name}`, or remove it.") from None


def read_audits(root: Path) -> dict[str, AuditRecord]:
    """Return all records of audits of a tree by the names of their files, the latest first.

    Raises:
        DigsError: one is damaged.
    """
    names = sorted(path.stem for path in (root / FOLDER).glob("*.json"))
    found = {name: read_audit(root, f"{FOLDER}/{name}.json") for name in names}
    return dict(sorted(found.items(), key=lambda item: item[1].date, reverse=True))
