"""The stages behind something as a graph, each a link to its page."""

import re
import shutil
from collections.abc import Iterable
from pathlib import PurePosixPath

import graphviz
from markupsafe import Markup

from digs.base.errors import DigsError
from digs.provenance.pipeline import Stage
from digs.provenance.site.addresses import product_page, shown_page, stage_page
from digs.provenance.site.facts import Facts, verdict_css, worst

MISSING = "graphviz's program `dot` is missing or fails; install Debian's package graphviz."


def check_graphviz() -> None:
    """Check that graphs can be drawn.

    Raises:
        DigsError: graphviz's program dot is not there.
    """
    if shutil.which("dot") is None:
        raise DigsError(MISSING)


def lineage_graph(facts: Facts, stages: Iterable[str], up: str, shown: str | None = None) -> Markup:
    """Return an SVG of stages, the data products between them and, at the end, what is shown.

    Args:
        up: what leads from the page to the root of the site.
        shown: the figure, table or group of numbers that the data end in.
    Raises:
        DigsError: graphviz's program dot is missing or fails.
    """
    pipeline, chosen = facts.project.pipeline, list(stages)
    graph = _empty("TB")
    read = set(facts.project.data(shown)) if shown else set()
    read |= {dep for name in chosen for dep in pipeline.stages[name].deps if dep.startswith("src/data/")}
    for name in chosen:
        stage = pipeline.stages[name]
        _add_stage(graph, facts, stage, up)
        for file in [dep for dep in stage.deps if dep.startswith("src/data/")]:
            graph.edge(file, f"stage {name}")
        for file in stage.outs:
            if file in read or not shown:
                graph.edge(f"stage {name}", file)
                read.add(file)
    for file in sorted(read):
        verdict = facts.checks.data(file).verdict
        label = PurePosixPath(file).relative_to("src/data").as_posix()
        graph.node(
            file, label, shape="plain", margin="0.05", href=up + product_page(file), tooltip=f"{file} ({verdict})",
            **{"class": f"product {verdict_css(verdict)}"},
        )  # fmt: skip
    if shown:
        graph.node(shown, shown, shape="box", penwidth="2", href=up + shown_page(shown), **{"class": "shown"})
        for file in facts.project.data(shown):
            graph.edge(file, shown)
    return _drawn(graph, f"What {shown or 'the paper'} rests on")


def stage_graph(facts: Facts) -> Markup:
    """Return an SVG of all stages, for a page at the root of the site: which rest on which.

    Raises:
        DigsError: graphviz's program dot is missing or fails.
    """
    pipeline, graph = facts.project.pipeline, _empty("LR")
    for stage in pipeline.stages.values():
        _add_stage(graph, facts, stage, up="")
        for maker in sorted(pipeline.last(stage.deps)):  # what stands behind these is told by their own arrows
            graph.edge(f"stage {maker}", f"stage {stage.name}")
    return _drawn(graph.unflatten(stagger=3), "All stages")


def _empty(direction: str) -> graphviz.Digraph:
    graph = graphviz.Digraph(node_attr={"fontsize": "11", "height": "0.3", "margin": "0.12,0.05"})
    graph.attr(rankdir=direction, nodesep="0.18", ranksep="0.32", bgcolor="transparent")
    return graph


def _add_stage(graph: graphviz.Digraph, facts: Facts, stage: Stage, up: str) -> None:
    verdict = worst(facts.checks.stage(stage.name))
    graph.node(
        f"stage {stage.name}", stage.name, shape="box", style="rounded", href=up + stage_page(stage.name),
        tooltip=f"stage {stage.name}: {stage.about} ({verdict})", **{"class": f"stage {verdict_css(verdict)}"},
    )  # fmt: skip


def _drawn(graph: graphviz.Digraph | graphviz.Source, title: str) -> Markup:
    try:
        svg = graph.pipe(format="svg", encoding="utf-8")
    except (graphviz.ExecutableNotFound, graphviz.CalledProcessError):
        raise DigsError(MISSING) from None
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    # colours and type come from the style sheet, so that they follow the theme; ids would stand twice on some pages
    svg = re.sub(r' (?:fill|stroke|font-family)="[^"]*"| id="[^"]*"', "", svg)
    svg = re.sub(r"<title>.*?</title>\s*", "", svg, flags=re.DOTALL).replace("xlink:title", "data-tip")
    svg = svg.replace("xlink:href", "href").replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "")
    return Markup(svg.replace("<svg ", f'<svg class="lineage" role="group" aria-label="{title}" ', 1))
