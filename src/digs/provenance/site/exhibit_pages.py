"""The pages of figures and tables."""

from collections.abc import Iterator

from digs.provenance.site.addresses import exhibit_page, upward
from digs.provenance.site.claim_pages import ShownClaim
from digs.provenance.site.edition import Edition
from digs.provenance.site.facts import Facts
from digs.provenance.site.pages import Entry, Page, filled
from digs.provenance.site.proof import proof


def exhibit_pages(facts: Facts, edition: Edition, claims: list[ShownClaim]) -> Iterator[Page]:
    """Yield the page of every figure and table, and that of all of them."""
    for name in facts.exhibits:
        address, text = exhibit_page(name), edition.exhibits[name]
        up = upward(address)
        values = {
            "origin": facts.origin,
            "name": name,
            "kind_and_number": text.kind_and_number,
            "caption": text.caption(up),
            "plain_caption": text.plain_caption,
            "table": text.table(up),
            "claims": [(claim.place, claim.what) for claim in claims if claim.script == name],
            "proof": proof(facts, edition.places, name, address),
        }
        kind = text.kind_and_number.partition(" ")[0].lower()
        about = f"{text.plain_caption} {facts.project.script(name)}"
        entry = Entry(kind, f"{text.kind_and_number}: {name}", about, address)
        yield Page(address, filled("exhibit.html.j2", address, values), [entry])
    address = "exhibits.html"
    shown = [{"name": name, "text": edition.exhibits[name], "verdict": facts.verdict(name)} for name in facts.exhibits]
    html = filled("exhibits.html.j2", address, {"origin": facts.origin, "exhibits": shown})
    yield Page(address, html, [Entry("page", "Figures and tables", "all of them", address)])
