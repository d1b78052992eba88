"""What the pages say of a checkout, each thing looked up once."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from markupsafe import Markup

from digs.base.git import ask_git
from digs.provenance.audit import AuditVerdict, Checks, Finding, Project, check_text
from digs.provenance.pipeline import Stage
from digs.provenance.report import origin
from digs.provenance.site.latex_snippets import as_latex, snippets

_WORST_FIRST = (AuditVerdict.WRONG, AuditVerdict.UNKNOWN, AuditVerdict.VOUCHED, AuditVerdict.FINE)


def worst(findings: Iterable[Finding]) -> AuditVerdict:
    """Return the worst verdict among findings; that all is fine where there are none."""
    found = {finding.verdict for finding in findings}
    return next((verdict for verdict in _WORST_FIRST if verdict in found), AuditVerdict.FINE)


def verdict_css(verdict: AuditVerdict) -> str:
    """Return the class of site.css for a verdict.

    Example:
        >>> verdict_css(AuditVerdict.UNKNOWN)
        'verdict-not-checked'
    """
    return f"verdict-{verdict.lower().replace(' ', '-')}"


@dataclass(frozen=True)
class Alike:
    """Findings of one verdict: what they say, and, where several say the same, of what."""

    verdict: AuditVerdict
    text: str
    about: list[str]


def grouped(findings: Iterable[Finding]) -> list[Alike]:
    """Return findings with those that are wrong first, what is vouched for by its reason, and what is fine as one."""
    groups: dict[tuple[AuditVerdict, str], list[str]] = {}
    for finding in findings:
        about, _, reason = finding.text.partition(": ")
        key, item = {
            AuditVerdict.FINE: ("", finding.text),
            AuditVerdict.VOUCHED: (reason, about),
        }.get(finding.verdict, (finding.text, ""))
        groups.setdefault((finding.verdict, key), []).append(item)
    order = sorted(groups.items(), key=lambda item: _WORST_FIRST.index(item[0][0]))
    return [Alike(verdict, text, [item for item in items if item]) for (verdict, text), items in order]


class Facts:
    """A project, the findings of its audit, and who rests on whom."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.project = Project(root)
        self.checks = Checks(self.project)
        self.since = cache(self._since)
        self.findings = cache(lambda name: self.checks.of([name]))

    def _since(self, file: str) -> str:
        """Since when a data product has been as it is; an age in days would be wrong tomorrow."""
        since = origin(self.project, file)
        return f"{since[0]}, commit {since[1]}" if since else "unknown"

    @cached_property
    def all_findings(self) -> list[Finding]:
        """Return what `digs audit` finds."""
        return self.checks.all + self.text_findings

    @cached_property
    def text_findings(self) -> list[Finding]:
        """Return what is found of the text of the paper."""
        return check_text(self.project)

    def verdict(self, name: str) -> AuditVerdict:
        """Return the worst verdict on a figure, a table or a group of numbers, and on all that it rests on."""
        return worst(self.findings(name))

    def stage_findings(self, stage: Stage) -> list[Finding]:
        """Return the findings on a stage and on what it makes."""
        return [*self.checks.stage(stage.name), *(self.checks.data(file) for file in stage.outs)]

    @cached_property
    def group_of(self) -> dict[str, str]:
        """Return the group of every number in the text."""
        project = self.project
        return {number: group for group in project.groups for number in project.recorded[group]["shown"]}

    @cached_property
    def number_html(self) -> dict[str, Markup]:
        """Return every number in the text as HTML."""
        numbers = {name: as_latex(text) for name, text in self.project.numbers.items()}
        html = snippets(numbers.values())
        return {name: html[latex] for name, latex in numbers.items()}

    @cached_property
    def _behind(self) -> dict[str, list[str]]:
        """The stages behind everything shown."""
        pipeline, project = self.project.pipeline, self.project
        return {name: [stage.name for stage in pipeline.lineage(project.data(name))] for name in project.everything}

    def resting_on(self, stage: str) -> list[str]:
        """Return the figures, tables and groups of numbers that rest on a stage."""
        return [name for name, stages in self._behind.items() if stage in stages]

    def readers(self, file: str) -> list[str]:
        """Return the figures, tables and groups of numbers that read a data product."""
        return [name for name in self.project.everything if file in self.project.data(name)]

    @cached_property
    def origin(self) -> str:
        """Return of which commit this is, in words."""
        said = ask_git(self.root, "log", "-1", "--format=%h of %cs")
        if not said:
            return "a tree without a commit"
        changed = ask_git(self.root, "status", "--porcelain", "--untracked-files=no")
        return f"commit {said.decode().strip()}" + (", with changes since" if changed and changed.strip() else "")
