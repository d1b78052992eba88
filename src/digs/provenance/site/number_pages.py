"""The pages of the numbers in the text: one for each group, and a list of all."""

import ast
from collections import defaultdict
from collections.abc import Iterator

from markupsafe import Markup

from digs.base.errors import DigsError
from digs.provenance.documents import read_text
from digs.provenance.manuscript import Sentence
from digs.provenance.site.addresses import group_page, number_place, paper_place, upward
from digs.provenance.site.edition import Edition
from digs.provenance.site.facts import Facts
from digs.provenance.site.listing import listed
from digs.provenance.site.pages import Page, SearchEntry, filled
from digs.provenance.site.proof import proof


def number_pages(facts: Facts, paper: Edition) -> Iterator[Page]:
    """Yield the page of every group of numbers, and the list of all.

    Args:
        paper: where each number stands.
    """
    project = facts.project
    sentences: dict[str, list[Sentence]] = defaultdict(list)
    for sentence in project.manuscript.sentences:
        for number in sentence.numbers:
            sentences[number].append(sentence)
    everything = []
    for group in project.groups:
        address = group_page(group)
        up = upward(address)
        rows = []
        for name in project.recorded[group]["shown"]:
            rows.append(
                {
                    "name": name,
                    "findings": [each for each in facts.checks.record(group) if f"/{name}.txt" in each.text],
                    "value": facts.number_html[name],
                    "sentences": [paper.read(sentence, project.numbers) for sentence in sentences[name]],
                    "places": [
                        {"where": place.where, "address": up + paper_place(place.anchor)}
                        for place in paper.places.get(name, ())
                    ],
                }
            )
        shown = proof(facts, paper, group, address)
        about, function = _function(facts, group)
        shown["listing"] = function or shown["listing"]
        values = {"origin": facts.origin, "group": group, "about": about, "rows": rows, "proof": shown}
        everything.append({"group": group, "about": about, "rows": rows, "verdict": shown["verdict"]})
        entries = [
            SearchEntry(
                "number",
                f"{row['name']} = {row['value'].striptags()}",
                " ".join(row["sentences"]) or "not in the text",
                number_place(row["name"], group),
            )
            for row in rows
        ]
        yield Page(
            address,
            filled("number_group.html.j2", address, values),
            [SearchEntry("numbers", group, about, address), *entries],
        )
    address = "numbers.html"
    html = filled("numbers.html.j2", address, {"origin": facts.origin, "groups": everything})
    yield Page(address, html, [SearchEntry("page", "Numbers", "all numbers in the text", address)])


def _function(facts: Facts, group: str) -> tuple[str, Markup | None]:
    """What the docstring of a group's function says, and the function as a listing."""
    script = facts.project.script(group)
    try:
        text = read_text(facts.root, script)
        tree = ast.parse(text)
    except (DigsError, SyntaxError):
        return "", None
    wanted = group.rpartition(".")[2]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == wanted:
            source = "\n".join(text.splitlines()[node.lineno - 1 : node.end_lineno])
            about = (ast.get_docstring(node) or "").split("\n")[0].removeprefix("Return ")
            return about[:1].upper() + about[1:], listed(source, "python", first=node.lineno)
    return "", None
