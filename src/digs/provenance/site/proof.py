"""What proves something shown: script, data, stages with their settings and runs, sentences, checks, commands."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from markupsafe import Markup

from digs.base.errors import DigsError
from digs.provenance.documents import leaves, read_text
from digs.provenance.pipeline import Stage
from digs.provenance.report import sentences_on
from digs.provenance.site.addresses import upward
from digs.provenance.site.edition import Edition
from digs.provenance.site.facts import Facts, worst
from digs.provenance.site.lineage_graph import lineage_graph
from digs.provenance.site.listing import drawing_lines, listed


def run_of(facts: Facts, stage: Stage) -> dict[str, Any]:
    """Return what is known of the last run of a stage, for the macro `run`."""
    judgement = facts.project.judgement(stage.name)
    found: dict[str, Any] = {"standing": str(judgement.standing), "facts": [], "versions": {}, "voucher": None}
    if record := judgement.record:
        where = record.circumstances
        machine = where.get("machine", {})
        rows = {
            "started": where.get("date"),
            "took": _seconds(where),
            "commit": where.get("commit"),
            "processor": machine.get("processor"),
            "cores": machine.get("cores"),
            "threads of torch": machine.get("threads"),
            "linear algebra": ", ".join(where.get("blas", [])),
            "system": where.get("system"),
            "hash of its code": record.code,
            "kept in": f"records/{stage.name}.json",
        }
        found["facts"] = [(name, value) for name, value in rows.items() if value not in (None, "")]
        found["versions"] = where.get("versions", {})
    if judgement.voucher:
        found["voucher"] = {"reason": judgement.voucher.reason, "evidence": judgement.voucher.evidence}
    return found


def _seconds(circumstances: dict[str, Any]) -> str | None:
    if "wall_seconds" not in circumstances:
        return None
    cpu = circumstances.get("cpu_seconds")
    return f"{circumstances['wall_seconds']:g} s" + (f" ({cpu:g} s of processor time)" if cpu is not None else "")


def data_rows(facts: Facts, files: Iterable[str]) -> list[dict[str, Any]]:
    """Return what a table of data products says of each."""
    pipeline = facts.project.pipeline
    return [
        {
            "file": file,
            "md5": pipeline.locked.get(file, "unknown"),
            "since": facts.since(file),
            "maker": maker.name if (maker := pipeline.maker(file)) else None,
            "finding": facts.checks.data(file),
        }
        for file in files
    ]


def stage_rows(facts: Facts, stages: Iterable[Stage]) -> list[dict[str, Any]]:
    """Return what a table of stages says of each: what it is, settings, seeds, the run, its verdict."""
    rows = []
    for stage in stages:
        tables = facts.project.pipeline.parameters(stage)
        settings = [leaf for name, value in tables.items() for leaf in leaves(name, value)]
        rows.append(
            {
                "stage": stage,
                "settings": settings,
                "seeds": [(name, value) for name, value in settings if "seed" in name.rpartition(".")[2]],
                "run": run_of(facts, stage),
                "verdict": worst(facts.checks.stage(stage.name)),
            }
        )
    return rows


def script_listing(facts: Facts, script: str, marked: list[int] | None = None) -> Markup:
    """Return a script of the checkout as a listing; without it, a sentence."""
    try:
        text = read_text(facts.root, script)
        return listed(text, "python", drawing_lines(text) if marked is None else marked)
    except (DigsError, SyntaxError) as error:
        return Markup("<p>{}</p>").format(f"{script} cannot be shown: {error}")


def proof(facts: Facts, paper: Edition, name: str, address: str) -> dict[str, Any]:
    """Return what the macro `proof` shows of a figure, a table or a group of numbers.

    Args:
        paper: where each number stands.
        address: of the page.
    """
    project, up = facts.project, upward(address)
    stages = project.pipeline.lineage(project.data(name))
    script = project.script(name)
    return {
        "name": name,
        "verdict": facts.verdict(name),
        "findings": facts.findings(name),
        "script": script,
        "script_md5": project.pipeline.hash(script) or "not here",
        "listing": script_listing(facts, script),
        "data": data_rows(facts, project.data(name)),
        "stages": stage_rows(facts, stages),
        "graph": lineage_graph(facts, [stage.name for stage in stages], up, name),
        "sentences": [
            {
                "text": paper.read(sentence, project.numbers),
                "line": sentence.line,
                "why": why,
                "place": next(
                    (up + paper.places[number][0].address for number in sorted(sentence.numbers & paper.places.keys())),
                    "",
                ),
            }
            for sentence, why in sorted(sentences_on(project, name), key=lambda item: "refers" not in item[1])
        ],
        "runs_alone": f"python {script}" if Path(script).is_relative_to("src/scripts") else None,
    }
