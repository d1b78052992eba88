"""The record of a stage's run, `records/STAGE.json`: what ran, on what, and what came out.

A record is written by the run itself, when its outputs are there, and by nothing else. Command, parameters, hashes of
inputs, outputs and code say whether what lies in the tree is what was run; the circumstances (where, when, with which
versions, how long) say how it came about, and decide nothing.
"""

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from typing_extensions import TypedDict

from digs.base import paths
from digs.base.closures import SourceTree
from digs.base.command import add_scheduler, run
from digs.base.errors import DigsError
from digs.base.git import git_commit, tree_hash
from digs.files.atomic import md5, recording, write_json
from digs.provenance.declared_parameters import check_parameters
from digs.provenance.dependencies import script_of
from digs.provenance.documents import read_document
from digs.provenance.pipeline import Pipeline, Stage

FOLDER = "records"
_WRITTEN = (FOLDER, "dvc.lock")  # by runs themselves, so that they may differ from the commit
_PACKAGES = (
    "torch",
    "numpy",
    "scipy",
    "sbi",
    "zuko",
    "nflows",
    "emcee",
    "nautilus-sampler",
    "fsps",
    "astro-prospector",
)


class Circumstances(TypedDict, total=False):
    """Where, when and how long a stage ran, as far as that is recorded, and more."""

    __pydantic_config__ = ConfigDict(extra="allow")

    date: str
    commit: str
    wall_seconds: float
    machine: dict[str, Any]
    blas: list[str]


class RunRecord(BaseModel):
    """What is kept of the last run of a stage.

    code: the hash of the closure of its script when it started.
    circumstances: where, when and how long it ran.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    stage: str
    command: str
    code: str
    parameters: dict[str, Any]
    inputs: dict[str, str]
    outputs: dict[str, str]
    circumstances: Circumstances


def record_file(root: Path, stage: str) -> Path:
    """Return where the record of a stage is kept."""
    return root / FOLDER / f"{stage}.json"


def run_record(root: Path, stage: str) -> RunRecord | None:
    """Return the record of a stage; None where it has none, since its last run was before there were records.

    Raises:
        DigsError: the file is damaged.
    """
    path = record_file(root, stage)
    if not path.is_file():
        return None
    name = path.relative_to(root).as_posix()
    try:
        return RunRecord.model_validate(read_document(root, name, dict[str, Any]))
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise DigsError(f"{name} is damaged at '{where}'; restore it with `git checkout {name}`.") from None


def closure_hash(root: Path, stage: Stage, tree: SourceTree | None = None) -> str:
    """Return the hash of the code of a stage as it lies in a checkout."""
    return (tree or SourceTree(root / "src")).hash(root / script_of(stage.command))


def data_inputs(stage: Stage) -> list[str]:
    """Return the data products among the dependencies of a stage."""
    return [dep for dep in stage.deps if dep.startswith("src/data/")]


def _hashes(root: Path, files: list[str]) -> dict[str, str]:
    return {file: md5(root / file) for file in files}


def circumstances() -> dict[str, Any]:
    """Return where a run takes place: commit, processor, versions.

    The commit is called dirty where something else differs from it than what runs write.
    """
    from digs.base.benchmark import machine  # which imports torch: only a run needs it, not an audit

    return {
        "commit": git_commit(besides=_WRITTEN),
        "tree": tree_hash(),
        "machine": machine(),
        "system": platform.platform(),
        "blas": blas_kernels(),
        "versions": versions(_PACKAGES),
    }


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of packages that are installed here."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def blas_kernels() -> list[str]:
    """Return the kernels that the linear algebra libraries in use have chosen for this processor."""
    from threadpoolctl import threadpool_info

    return sorted({f"{each['internal_api']} {each.get('architecture', '')}".strip() for each in threadpool_info()})


@contextmanager
def recorded(stage: Stage, root: Path) -> Iterator[None]:
    """Write the record of a stage when the block ends well.

    Raises:
        DigsError: an input is missing, or the block read a data product that dvc.yaml does not list.
    """
    pipeline = Pipeline(root)
    code, parameters = closure_hash(root, stage), pipeline.parameters(stage)
    inputs = _hashes(root, data_inputs(stage))
    start, cpu_start, date = time.perf_counter(), _cpu_seconds(), datetime.now(UTC).isoformat(timespec="seconds")
    with recording() as files:
        yield
    own = {*inputs, *stage.outs}
    read = {path.relative_to(root).as_posix() for path in files if path.is_relative_to(root / "src" / "data")}
    if undeclared := sorted(read - own):
        raise DigsError(
            f"Stage {stage.name} has read {', '.join(undeclared)}, which dvc.yaml does not list; add it to its deps, "
            "and run it again."
        )
    record = RunRecord(
        stage=stage.name,
        command=stage.command,
        code=code,
        parameters=parameters,
        inputs=inputs,
        outputs=_hashes(root, stage.outs),
        circumstances={
            "date": date,
            "wall_seconds": round(time.perf_counter() - start, 1),
            "cpu_seconds": round(_cpu_seconds() - cpu_start, 1),
            **circumstances(),
        },
    )
    write_json(record_file(root, stage.name), record.model_dump())


def _cpu_seconds() -> float:
    """Of this process and of those that it started and that have ended."""
    return sum(os.times()[:4])


def stage_of(pipeline: Pipeline, command: str) -> Stage:
    """Return the stage that has this command.

    Raises:
        DigsError: no stage has.
    """
    known = {stage.command: stage for stage in pipeline.stages.values()}
    if command not in known:
        raise DigsError(f"No stage of dvc.yaml runs `{command}`; choose one of its commands, or add the stage.")
    return known[command]


def without_scheduler(arguments: Sequence[str]) -> list[str]:
    """Return the arguments of a stage's command: which workers do the work is none of them.

    Example:
        >>> from digs.provenance.records import without_scheduler
        >>> without_scheduler(["--network", "paper", "--scheduler", "tcp://127.0.0.1:8786"])
        ['--network', 'paper']
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    add_scheduler(parser)
    return parser.parse_known_args(arguments)[1]


def run_stage(main: Callable[..., None], add_arguments: Callable[..., None] | None = None) -> None:
    """Run a stage's main function as `run` does, and write its record.

    Args:
        main: called with the parsed arguments as keywords.
        add_arguments: declares the script's arguments, where it has any.
    """
    root = paths.ROOT

    @wraps(main)
    def recorded_main(**arguments: Mapping[str, Any]) -> None:
        script = Path(sys.argv[0]).resolve().relative_to(root).as_posix()
        stage = stage_of(Pipeline(root), " ".join(["python", script, *without_scheduler(sys.argv[1:])]))
        check_parameters(root, stage)
        with recorded(stage, root):
            main(**arguments)

    run(recorded_main, add_arguments)
