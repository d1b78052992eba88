"""The pages of figures and tables."""

from collections.abc import Iterator

from markupsafe import Markup

from digs.provenance.site.addresses import exhibit_page, paper_place, upward
from digs.provenance.site.claim_pages import ShownClaim
from digs.provenance.site.edition import Edition, ExhibitText, Fragment
from digs.provenance.site.facts import Facts
from digs.provenance.site.pages import Page, SearchEntry, filled
from digs.provenance.site.proof import proof


def kind(text: ExhibitText) -> str:
    """Return whether it is a Figure or a Table."""
    return text.kind_and_number.partition(" ")[0]


def unseen(name: str) -> ExhibitText:
    """Return what stands for the text of a figure or table that is made, and that the paper does not show."""
    what = "Figure" if name.startswith("fig_") else "Table"
    return ExhibitText(f"{what} outside the paper", "", Fragment("The paper does not show it."), None, None)


def plain_caption(text: ExhibitText) -> str:
    """Return a caption in plain words."""
    return Markup(text.caption.html).striptags()


def exhibit_pages(facts: Facts, paper: Edition, claims: list[ShownClaim]) -> Iterator[Page]:
    """Yield the page of every figure and table, and that of all of them."""
    texts = {name: paper.exhibits.get(name) or unseen(name) for name in facts.project.exhibits}
    for name in facts.project.exhibits:
        address, text = exhibit_page(name), texts[name]
        values = {
            "origin": facts.origin,
            "name": name,
            "kind_and_number": text.kind_and_number,
            "caption": text.caption.on(address),
            "plain_caption": plain_caption(text),
            "table": text.table and text.table.on(address),
            "notes": text.notes and text.notes.on(address),
            "in_paper": upward(address) + paper_place(text.anchor),
            "claims": [(claim.place, claim.what) for claim in claims if claim.script == name],
            "proof": proof(facts, paper, name, address),
        }
        cells = " ".join(Markup(text.table.html).striptags().split()) if text.table else ""
        about = f"{plain_caption(text)} {facts.project.script(name)} {cells}".strip()
        entry = SearchEntry(kind(text).lower(), f"{text.kind_and_number}: {name}", about, address)
        yield Page(address, filled("exhibit.html.j2", address, values), [entry])
    address = "exhibits.html"
    shown = [
        {
            "name": name,
            "kind": kind(texts[name]),
            "kind_and_number": texts[name].kind_and_number,
            "caption": plain_caption(texts[name]),
            "verdict": facts.verdict(name),
        }
        for name in facts.project.exhibits
    ]
    html = filled(
        "exhibits.html.j2", address, {"origin": facts.origin, "exhibits": shown, "others": paper.without_script}
    )
    yield Page(address, html, [SearchEntry("page", "Figures and tables", "all of them", address)])
