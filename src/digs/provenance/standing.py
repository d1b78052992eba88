"""Whether the outputs of a stage that dvc.lock names are those of today's code, inputs and parameters.

The record of its run says so, or a voucher does, or nothing does. `dvc commit` writes dvc.lock, but no record: outputs
that were not run have none, or one that is about other outputs.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from digs.base.closures import SourceTree
from digs.base.git import DIRTY
from digs.provenance.pipeline import Pipeline, Stage
from digs.provenance.records import RunRecord, closure_hash, data_inputs, run_record
from digs.provenance.vouching import Voucher, load_vouchers


class Standing(StrEnum):
    """How a stage may stand."""

    RAN = "as it ran"
    VOUCHED = "vouched for"
    UNRECORDED = "no record of its run"
    STALE = "stale"


@dataclass(frozen=True)
class Judgement:
    """How a stage stands, and why; the reasons of a stale stage are sentences without an end."""

    standing: Standing
    reasons: list[str]
    record: RunRecord | None
    voucher: Voucher | None


class StandingJudge:
    """Judges the stages of a checkout."""

    def __init__(self, root: Path, pipeline: Pipeline) -> None:
        self.root, self.pipeline = root, pipeline
        self.tree = SourceTree(root / "src")

    @cached_property
    def vouchers(self) -> dict[str, Voucher]:
        """Return what is vouched for, by stage."""
        return load_vouchers(self.root)

    def judge(self, stage: Stage) -> Judgement:
        """Return how a stage stands."""
        record, voucher = run_record(self.root, stage.name), self.vouchers.get(stage.name)
        reasons = [*self._against_lock(stage), *(self._against_record(stage, record) if record else ())]
        code = closure_hash(self.root, stage, self.tree)
        if record and record.code == code:
            standing = Standing.RAN
        elif voucher and voucher.new == code:
            standing = Standing.VOUCHED
            reasons += self._against_voucher(stage, record, voucher)
        elif record or voucher:
            standing = Standing.STALE
            reasons.append("its code has changed since, and nothing vouches for it")
        else:
            standing = Standing.UNRECORDED
        reasons = list(dict.fromkeys(reasons))  # lock and record may say the same
        return Judgement(Standing.STALE if reasons else standing, reasons, record, voucher)

    def _outputs(self, stage: Stage) -> dict[str, str | None]:
        return {out: self.pipeline.locked.get(out) for out in stage.outs}

    def _against_lock(self, stage: Stage) -> list[str]:
        """Parameters and data as of the stage's entry in dvc.lock; its code is judged by its meaning instead."""
        entry = self.pipeline.entry(stage.name)
        if entry is None:
            return ["it has never run (it is not in dvc.lock)"]
        before, now = entry.get("params", {}).get("params.yaml", {}), self.pipeline.parameters(stage)
        found = [f"{name} of params.yaml changed" for name in now if name in before and before[name] != now[name]]
        locked = {dep["path"]: dep["md5"] for dep in entry.get("deps", [])}
        return found + [
            f"{dep} changed"
            for dep in data_inputs(stage)
            if dep in locked and locked[dep] != self.pipeline.locked.get(dep)
        ]

    def _against_record(self, stage: Stage, record: RunRecord) -> list[str]:
        found = []
        if record.outputs != self._outputs(stage):
            found.append("dvc.lock has other outputs than its run made: it was written without a run")
        if record.circumstances.get("commit", "").endswith(DIRTY):
            found.append("it ran where files differed from the commit that its record names")
        if record.command != stage.command:
            found.append("its command changed")
        parameters = self.pipeline.parameters(stage)
        found += [
            f"{name} of params.yaml changed" for name in parameters if record.parameters.get(name) != parameters[name]
        ]
        found += [
            f"it no longer depends on {name} of params.yaml" for name in record.parameters if name not in parameters
        ]
        inputs = {dep: self.pipeline.locked.get(dep) for dep in data_inputs(stage)}
        found += [f"{dep} changed" for dep in inputs if record.inputs.get(dep) != inputs[dep]]
        return found + [f"it no longer depends on {dep}" for dep in record.inputs if dep not in inputs]

    def _against_voucher(self, stage: Stage, record: RunRecord | None, voucher: Voucher) -> list[str]:
        found = []
        if voucher.outputs != self._outputs(stage):
            found.append("what vouches for it is about other outputs than dvc.lock has")
        if record and record.code != voucher.old:
            found.append("what vouches for it starts from other code than that of its run")
        return found
