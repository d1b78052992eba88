"""The pages of the stages."""

from collections.abc import Iterator

from digs.base.errors import DigsError
from digs.provenance.dependencies import script_of
from digs.provenance.site.addresses import stage_page, upward
from digs.provenance.site.facts import Facts
from digs.provenance.site.lineage_graph import lineage_graph, stage_graph
from digs.provenance.site.pages import Page, SearchEntry, filled
from digs.provenance.site.proof import data_rows, script_listing, stage_rows


def stage_pages(facts: Facts) -> Iterator[Page]:
    """Yield the page of every stage, and that of all of them."""
    pipeline = facts.project.pipeline
    rows = stage_rows(facts, pipeline.stages.values())
    for row in rows:
        stage = row["stage"]
        address = stage_page(stage.name)
        script = script_of(stage.command)
        upstream = pipeline.lineage(stage.outs)
        values = {
            "origin": facts.origin,
            "row": row,
            "script": script,
            "script_md5": pipeline.hash(script) or "not here",
            "listing": script_listing(facts, script, marked=[]),
            "code": _code(facts, script),
            "reads": data_rows(facts, [dep for dep in stage.deps if dep.startswith("src/data/")]),
            "makes": data_rows(facts, stage.outs),
            "findings": facts.stage_findings(stage),
            "shown": facts.resting_on(stage.name),
            "graph": lineage_graph(facts, [each.name for each in upstream], upward(address)),
        }
        seeds = ", ".join(f"{name} {seed}" for name, seed in row["seeds"])
        about = f"{stage.about} {script} {seeds and f'seed: {seeds}'}"
        yield Page(
            address, filled("stage.html.j2", address, values), [SearchEntry("stage", stage.name, about, address)]
        )
    address = "stages.html"
    values = {"origin": facts.origin, "rows": rows, "graph": stage_graph(facts)}
    yield Page(
        address, filled("stages.html.j2", address, values), [SearchEntry("page", "Stages", "all of them", address)]
    )


def _code(facts: Facts, script: str) -> list[str]:
    """The modules that a script runs; none where a source cannot be read, which the checks say."""
    try:
        closure = facts.project.judge.tree.closure(facts.root / script)
    except DigsError:
        return []
    return [file.relative_to(facts.root).as_posix() for file in closure]
