"""The pages of the claims of the original: theirs, ours, the rule, the verdict."""

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from digs.base.errors import DigsError
from digs.provenance.site.addresses import CLAIMS, claim_page
from digs.provenance.site.facts import Facts
from digs.provenance.site.latex_snippets import snippets
from digs.provenance.site.pages import Page, SearchEntry, filled

TABLE = "tab_claims"


@dataclass(frozen=True)
class ShownClaim:
    """A claim as the recorded table has it, with the rule that judges it; `place` counts from 1."""

    place: int
    what: Markup
    published: Markup
    ours: Markup
    verdict: str
    stage: str
    script: str
    rule: str


def _rules(rows: int) -> list[str]:
    """The rule of each claim; where the data that claims are computed from are damaged, why it can't be said."""
    from digs.config.everything import load_all_params  # these take seconds to import
    from digs.paper.claims import all_claims

    try:
        rules = [claim.ruling.rule for claim in all_claims(load_all_params())]
    except DigsError as error:
        return [f"cannot be said here: {error}"] * rows
    return rules if len(rules) == rows else ["cannot be said: the recorded table has other claims; `digs renew`"] * rows


def shown_claims(facts: Facts) -> list[ShownClaim]:
    """Return the claims, as the recorded table has them."""
    rows = [entry["text"] for entry in facts.project.recorded.get(TABLE, {"shown": {}})["shown"].values()]
    cells = [[cell.strip() for cell in row.removesuffix(r"\\").split(" & ")] for row in rows]
    html = snippets(cell for row in cells for cell in row[:3])
    name = lambda cell: cell.removeprefix(r"\texttt{").removesuffix("}").replace(r"\_", "_")
    return [
        ShownClaim(place, *(html[cell] for cell in row[:3]), row[3], name(row[4]), name(row[5]), rule)
        for place, (row, rule) in enumerate(zip(cells, _rules(len(cells)), strict=True), start=1)
    ]


def claim_pages(facts: Facts, claims: list[ShownClaim]) -> Iterator[Page]:
    """Yield the page of every claim, and that of all of them."""
    for claim in claims:
        address = claim_page(claim.place)
        values = {
            "origin": facts.origin,
            "claim": claim,
            "last": len(claims),
            "audit": facts.verdict(claim.script),
            "data": facts.project.pipeline.stages[claim.stage].outs,
            "findings": facts.findings(TABLE),
        }
        what = claim.what.striptags()
        entry = SearchEntry("claim", what, f"of Khullar et al. (2022): {claim.verdict}; {claim.rule}", address)
        yield Page(address, filled("claim.html.j2", address, values), [entry])
    counts = {
        verdict: sum(claim.verdict == verdict for claim in claims) for verdict in sorted({c.verdict for c in claims})
    }
    values = {"origin": facts.origin, "claims": claims, "counts": counts, "verdict": facts.verdict(TABLE)}
    yield Page(
        CLAIMS, filled("claims.html.j2", CLAIMS, values), [SearchEntry("page", "Claims", "of the original", CLAIMS)]
    )
