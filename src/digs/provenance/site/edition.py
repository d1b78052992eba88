"""The paper for a browser: its text with every generated number linked to its proof, and where each number stands."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

from markupsafe import Markup

from digs.provenance.audit import AuditVerdict, Project
from digs.provenance.documents import read_text
from digs.provenance.manuscript import Sentence
from digs.provenance.site import addresses
from digs.provenance.site.facts import Facts
from digs.provenance.site.latex_source import latex_source
from digs.provenance.site.pages import Page, SearchEntry, filled
from digs.provenance.site.typesetting import typeset

_BIBLIOGRAPHY = "src/tex/bib.bib"
_LABEL = re.compile(r"\[(\w+:[\w-]+)\]")
_LINK = re.compile(r' (href|src)="(?!https?:)([^"]*)"')


@dataclass(frozen=True)
class Fragment:
    """A piece of the paper that other pages show, too."""

    html: str

    def on(self, page: str) -> Markup:
        """Return it for a page by the page's address: links lead from there, and there are no anchors."""
        up = addresses.upward(page)

        def link(match: re.Match) -> str:
            return f' {match[1]}="{up}{addresses.PAPER if match[2].startswith("#") else ""}{match[2]}"'

        return Markup(_LINK.sub(link, re.sub(r' id="[^"]*"', "", self.html)))


@dataclass(frozen=True)
class ExhibitText:
    """What the paper says at a figure or table.

    Attributes:
        kind_and_number: such as "Figure 3".
        anchor: of the figure or table in the paper.
        caption: without kind and number.
        table: the table, none of a figure.
        notes: the table's notes, if it has any.
    """

    kind_and_number: str
    anchor: str
    caption: Fragment
    table: Fragment | None
    notes: Fragment | None


@dataclass(frozen=True)
class Place:
    """Where a number stands in the paper: its anchor, and the section, figure or table that it is in."""

    anchor: str
    where: str


@dataclass(frozen=True)
class Heading:
    """A section of the paper, with its number in its title, and its subsections."""

    anchor: str
    title: str
    parts: list["Heading"] = field(default_factory=list)


@dataclass(frozen=True)
class Edition:
    """The paper for a browser.

    Attributes:
        title: of the paper.
        author: who signs it.
        html: its text, for the page of the paper.
        contents: its sections.
        exhibits: what it says at each figure and table, by the stem of the script.
        places: where each number stands, by its name.
        numbering: the number of every label.
        without_script: where figures and tables stand that no script makes, by kind and number.
    """

    title: str
    author: str
    html: Markup
    contents: list[Heading]
    exhibits: dict[str, ExhibitText]
    places: dict[str, list[Place]]
    numbering: dict[str, str]
    without_script: dict[str, str]

    def read(self, sentence: Sentence, numbers: Mapping[str, str]) -> str:
        """Return a sentence of ms.tex in plain words, with the numbers of what it refers to."""
        return _LABEL.sub(lambda match: self.numbering.get(match[1], match[0]), sentence.read(numbers)).replace(
            "+-", "±"
        )

    @property
    def sections(self) -> Iterator[tuple[Heading, str]]:
        """Yield every section and subsection, with the title of the section that it is in."""
        for section in self.contents:
            yield section, ""
            for part in section.parts:
                yield part, section.title


def edition(project: Project) -> Edition:
    """Return the paper for a browser, with the numbers and tables that are recorded.

    Raises:
        DigsError: ms.tex or bib.bib cannot be read, or pandoc is missing.
    """
    rows = {
        name: "\n".join(row["text"] for row in record["shown"].values())
        for name, record in project.recorded.items()
        if name.startswith("tab_")
    }
    source = latex_source(read_text(project.root, "src/tex/ms.tex"), project.numbers, rows)
    read_text(project.root, _BIBLIOGRAPHY)
    proofs = {
        number: addresses.number_place(number, group)
        for group in project.groups
        for number in project.recorded[group]["shown"]
    }
    scripts = {exhibit.label: exhibit.script for exhibit in project.manuscript.exhibits}
    tree = typeset(source, project.root / _BIBLIOGRAPHY, proofs, scripts)
    by_label = {block.get("id"): block for block in tree.iter("figure")}
    return Edition(
        title=source.title,
        author=source.author,
        html=Markup(_inner(tree)),
        contents=_contents(tree),
        exhibits={script: _exhibit(by_label[label], source.floats[label].name) for label, script in scripts.items()},
        places=_places(tree),
        numbering=source.numbering,
        without_script={
            float_.name: addresses.paper_place(label) for label, float_ in source.floats.items() if label not in scripts
        },
    )


def paper_page(facts: Facts, paper: Edition) -> Page:
    """Return the page of the paper, in which what is WRONG is marked."""
    entries = [
        SearchEntry(
            "section",
            section.title,
            f"in {above}" if above else "of the paper",
            addresses.paper_place(section.anchor),
        )
        for section, above in paper.sections
    ]
    entries += [
        SearchEntry(name.split()[0].lower(), name, "in the paper; no script makes it", address)
        for name, address in paper.without_script.items()
    ]
    html = str(paper.html)
    for name in facts.project.everything:
        if facts.verdict(name) is AuditVerdict.WRONG:
            link = f' href="{addresses.shown_page(name)}'
            html = html.replace(link, f' data-verdict="{AuditVerdict.WRONG}"{link}')
    values = {
        "paper": paper,
        "html": Markup(html),
        "wrong": sum(finding.verdict is AuditVerdict.WRONG for finding in facts.all_findings),
        "origin": facts.origin,
        "numbers": sum(map(len, paper.places.values())),
    }
    return Page(addresses.PAPER, filled("paper.html.j2", addresses.PAPER, values), entries)


def _words(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _of_class(element: Element, name: str) -> Element | None:
    return next((each for each in element.iter() if each.get("class") == name), None)


def _inner(element: Element) -> str:
    return escape(element.text or "", quote=False) + "".join(
        ET.tostring(child, encoding="unicode", method="html") for child in element
    )


def _contents(tree: Element) -> list[Heading]:
    found = []
    for heading in tree:
        if heading.tag == "h2":
            found.append(Heading(heading.get("id"), _words(heading)))
        elif heading.tag == "h3":
            found[-1].parts.append(Heading(heading.get("id"), _words(heading)))
    return found


def _exhibit(figure: Element, name: str) -> ExhibitText:
    caption, table, notes = (
        next((each for each in figure.iter() if each.get("class") == kind), None)
        for kind in ("caption", "wide", "notes")
    )
    return ExhibitText(
        kind_and_number=name,
        anchor=figure.get("id"),
        caption=Fragment(_inner(caption).strip()),
        table=None if table is None else Fragment(ET.tostring(table, encoding="unicode", method="html")),
        notes=None if notes is None else Fragment(_inner(notes).strip()),
    )


def _places(tree: Element) -> dict[str, list[Place]]:
    places, section = {}, ""
    for block in tree:
        if block.tag in ("h2", "h3"):
            section = _words(block)
        where = _words(_of_class(block, "float-number")).rstrip(".") if block.tag == "figure" else section
        for link in block.iter("a"):
            if link.get("class") == "number":
                name = link.get("href").partition("#")[2]
                places.setdefault(name, []).append(Place(link.get("id"), where))
    return places
