"""dvc.lock without a run, for stages whose outputs are known to be those of today's code.

DVC compares files, this project meanings: after a change of comments, or one that is vouched for, DVC would run stages
whose outputs are known. `digs settle` writes the command, the dependencies and the parameters of such stages into
dvc.lock, and leaves their outputs alone. It refuses all others, and nothing else writes dvc.lock without a run.
"""

import io
from pathlib import Path
from typing import Any

from digs.base.errors import DigsError
from digs.files.atomic import md5, write_text
from digs.provenance.pipeline import Pipeline, Stage
from digs.provenance.standing import Judgement, Standing, StandingJudge

SETTLED = (Standing.RAN, Standing.VOUCHED)


def refusal(name: str, judgement: Judgement) -> str | None:
    """Return why a stage may not be settled; None if it may."""
    if judgement.standing in SETTLED:
        return None
    why = "; ".join(judgement.reasons) or "it has neither a record nor anything that vouches for it"
    return f"stage {name} cannot be settled: {why}"


def settle(root: Path, names: list[str]) -> tuple[list[str], list[str]]:
    """Write the entries of stages into dvc.lock.

    Args:
        names: of the stages; of none, all that may be settled.
    Returns:
        the stages whose entries have changed, and why others were refused.
    Raises:
        DigsError: a stage is unknown.
    """
    pipeline = Pipeline(root)
    if unknown := sorted(set(names) - set(pipeline.stages)):
        raise DigsError(f"There is no stage {', '.join(unknown)}; choose from: {', '.join(pipeline.stages)}.")
    from ruamel.yaml import YAML  # a package that posteriors do without

    yaml = YAML()
    yaml.width = 4096
    text = (root / "dvc.lock").read_text(encoding="utf-8")
    lock, judge = yaml.load(text), StandingJudge(root, pipeline)
    changed, refused = [], []
    for name in names or pipeline.stages:
        stage = pipeline.stages[name]
        if why := refusal(name, judge.judge(stage)):
            refused.append(why)
            continue
        entry = _entry(root, stage, pipeline) | {"outs": lock["stages"][name]["outs"]}
        if entry != lock["stages"][name]:
            lock["stages"][name] = entry
            changed.append(name)
    if changed:
        buffer = io.StringIO()
        yaml.dump(lock, buffer)
        write_text(root / "dvc.lock", buffer.getvalue())
    return changed, refused


def _entry(root: Path, stage: Stage, pipeline: Pipeline) -> dict[str, Any]:
    """Return command, dependencies and parameters of a stage as DVC writes them after a run."""
    deps = []
    for dep in sorted(stage.deps):
        path = pipeline.stored(dep) or root / dep
        deps.append({"path": dep, "hash": "md5", "md5": md5(path), "size": path.stat().st_size})
    entry: dict[str, Any] = {"cmd": stage.command, "deps": deps}
    if stage.params:
        values = pipeline.parameters(stage)
        entry["params"] = {"params.yaml": {name: values[name] for name in sorted(values)}}
    return entry
