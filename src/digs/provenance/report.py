"""An audit in words: where a figure, table or number comes from, and what in the text rests on it."""

import json
import math
import re
import textwrap
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import h5py

from digs.base.git import ask_git
from digs.paper.league_rows import LeagueRow, league_rows
from digs.provenance.audit import AuditVerdict, Finding, Project, counts
from digs.provenance.manuscript import Sentence
from digs.provenance.pipeline import Pipeline, Stage
from digs.provenance.standing import Standing

WIDTH = 110


def origin(project: Project, file: str) -> tuple[str, str] | None:
    """Return day and commit in which a data product got into dvc.lock as it is there now; None if git cannot tell."""
    wanted = project.pipeline.locked.get(file)
    log = ask_git(project.root, "log", "-1", "--format=%cs %h", f"-S{wanted}", "--", "dvc.lock")
    said = log.decode().split() if log else []
    return (said[0], said[1]) if len(said) == 2 else None


def age(project: Project, file: str) -> str:
    """Return how old a data product is, as words."""
    if (since := origin(project, file)) is None:
        return "of unknown age"
    days = (date.today() - date.fromisoformat(since[0])).days
    return f"of {since[0]} ({days} day{'' if days == 1 else 's'} old), commit {since[1]}"


def attributes(path: Path) -> dict[str, Any]:
    """Return what a data product says of how it was made: seed, seconds, the SPS data behind it."""
    if not path.is_file():
        return {}
    if path.suffix == ".h5":
        with h5py.File(path) as file:
            found = dict(file.attrs)
    elif path.suffix == ".json":
        content = json.loads(path.read_text())
        found = {**content, **content.get("training", {}), **content.get("provenance", {})}
    else:
        return {}
    wanted = ("seed", "seconds", "cpu_seconds", "epochs", "sps_label")
    return {key: found[key] for key in wanted if key in found}


def _said(values: dict[str, Any]) -> str:
    shown = {key: f"{value:.4g}" if isinstance(value, float) else value for key, value in values.items()}
    return ", ".join(f"{key} {value}" for key, value in shown.items())


def stage_lines(project: Project, stage: Stage) -> Iterator[str]:
    """Yield the lines about a stage: what it does, costs and depends on."""
    needs = f", needs {stage.needs}" if stage.needs else ""
    yield f"  {stage.name}: {stage.about} ({stage.takes}{needs})"
    yield f"    {stage.command}"
    for name, value in project.pipeline.parameters(stage).items():
        yield from _wrapped(f"{name}: {json.dumps(value)}", "    ")
    for out in stage.outs:
        if (kept := project.pipeline.stored(out)) and (said := _said(attributes(kept))):
            yield from _wrapped(f"{Path(out).name} says: {said}", "    ")
    yield from _wrapped(_history(project, stage), "    ")


def _history(project: Project, stage: Stage) -> str:
    """The last run of a stage, and what vouches for changes since."""
    judgement = project.judgement(stage.name)
    said = "no record of its run"
    if judgement.record:
        where = judgement.record.circumstances
        processor = where.get("machine", {}).get("processor", "unknown processor")
        said = (
            f"ran on {where.get('date', 'an unknown day')[:10]}, commit {where.get('commit', 'unknown')}, in "
            f"{where.get('wall_seconds', float('nan')):g} s ({', '.join([processor, *where.get('blas', [])])})"
        )
    if judgement.standing is Standing.VOUCHED:
        said += f"; vouched for since: {judgement.voucher.reason} Evidence: {judgement.voucher.evidence}"
    return said


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ")


def sentences_on(project: Project, name: str) -> Iterator[tuple[Sentence, str]]:
    """Yield the sentences that refer to a figure or table or have numbers from the same last stages, and why."""
    exhibit, pipeline = project.exhibit(name), project.pipeline
    files = {file for stage in pipeline.last(project.data(name)) for file in pipeline.stages[stage].outs}
    groups = [group for group in project.groups if group == name or files & set(project.data(group))]
    related = {number for group in groups for number in project.recorded[group]["shown"]}
    for sentence in project.manuscript.sentences:
        refers = bool(exhibit and exhibit.label in sentence.references)
        if refers or sentence.numbers & related:
            yield (
                sentence,
                " and ".join(["refers to it"] * refers + ["numbers from its data"] * bool(sentence.numbers & related)),
            )


def resting(project: Project, name: str) -> Iterator[str]:
    """Yield the lines with the sentences that rest on a figure, a table or a group of numbers."""
    for sentence, why in sentences_on(project, name):
        yield from _wrapped(f"line {sentence.line} ({why}): {sentence.read(project.numbers)}", "  ")


def provenance(project: Project, name: str) -> Iterator[str]:
    """Yield the lines that say where a figure, a table or a group of numbers comes from."""
    exhibit = project.exhibit(name)
    yield f"{name}" + (f" ({exhibit.label}, line {exhibit.line} of ms.tex)" if exhibit else "")
    yield "Script"
    yield f"  {project.script(name)}, md5 {project.pipeline.hash(project.script(name))}"
    yield "Data"
    for file in project.data(name):
        maker = project.pipeline.maker(file)
        yield f"  {file}, md5 {project.pipeline.locked.get(file)}"
        yield f"    {age(project, file)}, made by stage {maker.name if maker else 'none'}"
    if not project.data(name):
        yield "  none but params.yaml"
    yield "Stages, up to the simulator"
    for stage in project.pipeline.lineage(project.data(name)):
        yield from stage_lines(project, stage)
    yield "What rests on it in the text"
    yield from list(resting(project, name)) or ["  nothing"]


def summary(findings: list[Finding], everything: bool) -> Iterator[str]:
    """Yield the findings; where there are many, only those that are not fine, and a count."""
    yield "Checks"
    for finding in findings:
        if finding.verdict is not AuditVerdict.FINE or not everything:
            yield f"  {finding}"
    yield "  " + ", ".join(f"{number} {verdict}" for verdict, number in counts(findings).items())
    if any(finding.verdict is AuditVerdict.WRONG and " is stale: " in finding.text for finding in findings):
        yield "  `dvc repro STAGE` runs a stale stage again; where no number can have moved, `digs vouch STAGE` says so"


TABLE = re.compile(r"(?<=<!-- digs stages -->\n).*?(?=\n<!-- end -->)", re.DOTALL)


def cost_table(pipeline: Pipeline) -> str:
    """Return the stages and what they cost, in Markdown."""
    rows = ["| stage | what | takes | needs |", "|---|---|---|---|"]
    rows += [
        f"| `{stage.name}` | {stage.about} | {stage.takes} | {stage.needs} |" for stage in pipeline.stages.values()
    ]
    return "\n".join(rows)


def with_cost_table(readme: str, pipeline: Pipeline) -> str:
    """Return the text of README.md with the table of the stages as dvc.yaml has it."""
    return TABLE.sub(lambda _: cost_table(pipeline), readme)


LEAGUE = re.compile(r"(?<=<!-- digs league -->\n)(?:(?!<!--).)*?(?=\n<!-- end -->)", re.DOTALL)
_LEAGUE_HEAD = (
    "track", "entry", "fails", "shift of medians", "width ratio", "5% to 95%", "efficiency", "detects",
    "ms a galaxy", "training",
)  # fmt: skip


def _league_cells(row: LeagueRow) -> tuple[str, ...]:
    share = lambda value: "" if value is None else f"{value:.0%}"
    trained = "" if row.training is None else f"{row.training / 60:.0f} min, {row.epochs} epochs"
    return (
        f"`{row.track}`", row.name, f"{row.failed} of {row.tests}", f"{row.shift:.3f}", f"{row.width:.3f}",
        f"{row.narrow:.2f} to {row.wide:.2f}", share(row.efficiency), share(row.detected),
        f"{1e3 * row.seconds['median']:.2g}", trained,
    )  # fmt: skip


def league_table(league: dict[str, Any]) -> str:
    """Return the league of src/data/league.json in Markdown."""
    lines = [_LEAGUE_HEAD, ("---",) * len(_LEAGUE_HEAD), *map(_league_cells, league_rows(league))]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def with_league_table(readme: str, league: dict[str, Any]) -> str:
    """Return the text of README.md with the league as the product has it."""
    return LEAGUE.sub(lambda _: league_table(league), readme)


def costs(project: Project) -> str:
    """Return the line that says how long all stages ran, by their records, and at how many commits."""
    records = [record for name in project.pipeline.stages if (record := project.judgement(name).record)]
    seconds = {record.stage: record.circumstances.get("wall_seconds", math.nan) for record in records}
    longest = max(seconds, key=seconds.__getitem__, default=None)
    if longest is None:
        return "No run of a stage is recorded."
    processors = sum(record.circumstances.get("cpu_seconds", math.nan) for record in records)
    commits = len({record.circumstances.get("commit") for record in records})
    return (
        f"{len(seconds)} of {len(project.pipeline.stages)} stages ran for {sum(seconds.values()) / 3600:.1f} h in all, "
        f"{processors / 3600:.1f} h of one core, at {commits} {'commit' if commits == 1 else 'commits'}, by their "
        f"records; the longest, {longest}, for {seconds[longest] / 60:.0f} min"
    )
