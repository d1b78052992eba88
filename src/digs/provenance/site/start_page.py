"""The start page: what was found, whether the record holds, what it costs, how to rebuild it."""

from markupsafe import Markup

from digs.provenance.audit import AuditVerdict, counts
from digs.provenance.site.addresses import START, number_place
from digs.provenance.site.claim_pages import ShownClaim
from digs.provenance.site.facts import Facts, worst
from digs.provenance.site.pages import Page, SearchEntry, filled


def start_page(facts: Facts, claims: list[ShownClaim]) -> Page:
    """Return the start page."""
    numbers = facts.project.numbers

    def number(name: str) -> Markup:
        if name not in numbers:
            return Markup("<em>({} is not recorded)</em>").format(name)
        place = number_place(name, facts.group_of[name])
        return Markup('<a class="number" href="{}">{}</a>').format(place, facts.number_html[name])

    findings = facts.all_findings
    values = {
        "origin": facts.origin,
        "number": number,
        "verdict": worst(findings),
        "counts": counts(findings),
        "findings": [finding for finding in findings if finding.verdict is not AuditVerdict.FINE],
        "runs": sum(facts.project.judgement(name).record is not None for name in facts.project.pipeline.stages),
        "stages": list(facts.project.pipeline.stages.values()),
        "claims": {
            verdict: sum(claim.verdict == verdict for claim in claims) for verdict in {c.verdict for c in claims}
        },
        "picture_of": "fig_lookup",
    }
    entries = [
        SearchEntry("page", "Start", "findings, audit, costs, rebuild", START),
        SearchEntry(
            "page", "Rebuild everything", "install, make paper, make test, digs audit, digs site", f"{START}#rebuild"
        ),
        SearchEntry("page", "What it costs", "seconds, hours, training, MCMC, posterior", f"{START}#costs"),
        *(
            SearchEntry("word", str(verdict), "verdict of a check: what it means", f"{START}#audit")
            for verdict in AuditVerdict
        ),
    ]
    return Page(START, filled("start.html.j2", START, values), entries)
