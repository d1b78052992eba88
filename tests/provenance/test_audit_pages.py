"""The page of the audits: every record, and what each audit made of each figure, table and group of numbers."""

import re

import pytest

from digs.base import paths
from digs.base.errors import DigsError
from digs.provenance.audit import Agreement, AuditVerdict, Finding, Project, RedrawnFinding
from digs.provenance.audit_record import FOLDER, AuditScope, recorded_audit
from digs.provenance.site.addresses import AUDITS, exhibit_page, group_page
from digs.provenance.site.audit_pages import audits_page

NUMBERS = "calibration.calibration"


@pytest.fixture
def project(tmp_path):
    """This tree with no records of audits but those that a test makes."""
    project = Project(paths.ROOT)
    _ = project.declared
    project.root = tmp_path
    (tmp_path / FOLDER).mkdir()
    return project


def record(project: Project, name: str, agreements: dict[str, Agreement], more: list[Finding] = ()) -> None:
    scope = AuditScope(figure=None, rebuild=True, from_scratch=None)
    with recorded_audit(paths.ROOT, project.root / FOLDER / f"{name}.json", scope) as found:
        found += more
        for exhibit, agreement in agreements.items():
            verdict = AuditVerdict.WRONG if agreement is Agreement.APART else AuditVerdict.FINE
            found.append(
                RedrawnFinding(verdict, f"{exhibit} redrawn: {agreement}", exhibit, agreement, ("openblas X",))
            )


def cells(html: str, name: str) -> list[str]:
    """The words in the row of an exhibit in the matrix."""
    row = next(row for row in re.findall(r"<tr>.*?</tr>", html, re.DOTALL) if f">{name}<" in row or f">{name} " in row)
    return [re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<td>(.*?)</td>", row)]


def test_without_records_the_page_says_how_to_make_one(project):
    page = audits_page(project, "here")
    assert page.address == AUDITS
    assert "digs audit --rebuild --record audits/NAME.json" in page.html
    assert not page.entries


def test_every_record_and_every_exhibit_is_shown(project):
    record(project, "one", {"fig_sbc": Agreement.BITS, NUMBERS: Agreement.BITS})
    record(project, "two", {"fig_sbc": Agreement.APART, NUMBERS: Agreement.TOLERANCE})
    html = audits_page(project, "here").html
    assert sorted(cells(html, "fig_sbc")) == ["WRONG", "bit"]
    assert sorted(cells(html, NUMBERS)) == ["bit", "tolerance"]
    assert cells(html, "fig_corner") == ["–", "–"]
    assert f'href="{exhibit_page("fig_sbc")}"' in html
    assert f'href="{group_page(NUMBERS)}"' in html
    assert all(f'id="audit-{name}"' in html for name in ("one", "two"))
    assert "fig_sbc redrawn: not the same" in html  # in the words of the terminal
    assert 'verdict-wrong">1 WRONG' in html


def test_the_search_finds_every_record(project):
    record(project, "one", {"fig_sbc": Agreement.BITS})
    page = audits_page(project, "here")
    assert [(entry.kind, entry.name, entry.address) for entry in page.entries] == [
        ("audit", "one", f"{AUDITS}#audit-one")
    ]


def test_what_a_record_says_is_text_and_no_html(project):
    record(project, "one", {}, [Finding(AuditVerdict.WRONG, "<script>alert(1)</script>")])
    html = audits_page(project, "here").html
    assert "&lt;script&gt;alert(1)" in html


def test_what_is_no_longer_shown_has_no_link(project):
    record(project, "one", {"fig_of_old": Agreement.BITS})
    html = audits_page(project, "here").html
    assert cells(html, "fig_of_old") == ["bit"]
    assert exhibit_page("fig_of_old") not in html


def test_an_audit_that_was_stopped_says_so(project):
    with pytest.raises(DigsError):
        scope = AuditScope(figure="sbc", rebuild=False, from_scratch=[])
        with recorded_audit(paths.ROOT, project.root / FOLDER / "one.json", scope):
            raise DigsError("There is no room.")
    html = audits_page(project, "here").html
    assert "There is no room." in html
    assert "digs audit sbc --from-scratch --record audits/one.json" in html
