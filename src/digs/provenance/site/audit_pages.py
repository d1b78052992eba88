"""The page of the recorded audits: what each found on its machine, and what holds to the bit on all of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from digs.provenance.audit import Agreement, AuditVerdict, Project
from digs.provenance.audit_record import FOLDER, AuditRecord, AuditScope, read_audits
from digs.provenance.site.addresses import AUDITS, shown_page
from digs.provenance.site.facts import verdict_css
from digs.provenance.site.pages import Page, SearchEntry, filled

_KINDS = {"fig": "Figures", "tab": "Tables", "": "Numbers in the text"}
_NOTHING = "–"  # what an audit did not look at
_CELLS = {  # the badge of an agreement and its word
    Agreement.BITS: ("verdict-ok", "bit"),
    Agreement.TOLERANCE: ("verdict-vouched", "tolerance"),
    Agreement.NOT_DRAWN: ("verdict-not-checked", "not redrawn"),
    Agreement.APART: ("verdict-wrong", str(AuditVerdict.WRONG)),
}


@dataclass(frozen=True)
class Badge:
    """A word in a coloured frame, by its class in site.css."""

    css: str
    text: str


@dataclass(frozen=True)
class AuditColumn:
    """A recorded audit as the page shows it."""

    name: str
    record: AuditRecord

    @property
    def anchor(self) -> str:
        """Return its place on the page."""
        return f"audit-{self.name}"

    @property
    def when(self) -> str:
        """Return its date and time, UTC."""
        return f"{datetime.fromisoformat(self.record.date):%Y-%m-%d %H:%M}"

    @property
    def kernels(self) -> str:
        """Return the kernels by which it drew, without libraries that have but one."""
        return ", ".join(kernel for kernel in self.record.blas if " " in kernel) or "nothing was drawn"

    @property
    def steered(self) -> str:
        """Return the variables that chose the kernel or the threads, as one types them before the command."""
        return " ".join(f"{name}={value}" for name, value in self.record.environment.items())

    @property
    def scope(self) -> str:
        """Return what was asked for, in words."""
        return scope_in_words(self.record.scope)

    @property
    def command(self) -> str:
        """Return what to type to make such a record."""
        scope = self.record.scope
        words = ["digs audit", *([scope["figure"]] if scope["figure"] else [])]
        words += ["--rebuild"] * scope["rebuild"]
        if scope["from_scratch"] is not None:
            words.append(" ".join(["--from-scratch", *scope["from_scratch"]]))
        return " ".join([*filter(None, [self.steered]), *words, f"--record {FOLDER}/{self.name}.json"])

    @property
    def badges(self) -> list[Badge]:
        """Return how often it came to each verdict, where it did."""
        counts = self.record.counts
        return [
            Badge(verdict_css(verdict), f"{counts[verdict]} {verdict}") for verdict in AuditVerdict if counts[verdict]
        ]

    @property
    def troubles(self) -> list[tuple[Badge, str]]:
        """Return what it found wrong or could not check."""
        return self._found(AuditVerdict.WRONG, AuditVerdict.UNKNOWN)

    @property
    def vouched(self) -> list[tuple[Badge, str]]:
        """Return what is vouched for."""
        return self._found(AuditVerdict.VOUCHED)

    def _found(self, *verdicts: AuditVerdict) -> list[tuple[Badge, str]]:
        return [
            (Badge(verdict_css(finding["verdict"]), finding["verdict"]), finding["text"])
            for verdict in verdicts
            for finding in self.record.findings
            if finding["verdict"] == verdict
        ]


@dataclass(frozen=True)
class AgreementRow:
    """A figure, table or group of numbers: its page, where it has one, and what each audit made of it."""

    name: str
    address: str | None
    cells: list[Badge | None]


def scope_in_words(scope: AuditScope) -> str:
    """Return what an audit was asked for.

    Example:
        >>> scope_in_words({"figure": None, "rebuild": True, "from_scratch": None})
        'everything; redrawn'
    """
    words = [scope["figure"] or "everything"]
    words += ["redrawn"] if scope["rebuild"] else []
    if (stages := scope["from_scratch"]) is not None:
        words.append(f"{', '.join(stages) or 'all stages'} run anew")
    return "; ".join(words)


def _kind(name: str) -> str:
    prefix = "" if "." in name else name.partition("_")[0]
    return _KINDS.get(prefix, _KINDS[""])


def _rows(project: Project, columns: list[AuditColumn]) -> Iterator[AgreementRow]:
    """What every audit that redraws made of everything that is shown, or was."""
    here = set(project.everything)
    names = dict.fromkeys(
        [*project.exhibits, *project.everything, *(name for column in columns for name in column.record.redrawn)]
    )
    for name in names:
        address = shown_page(name) if name in here else None
        agreements = [column.record.redrawn.get(name) for column in columns]
        yield AgreementRow(name, address, [Badge(*_CELLS[each]) if each else None for each in agreements])


def _sections(rows: list[AgreementRow]) -> dict[str, list[AgreementRow]]:
    return {kind: found for kind in _KINDS.values() if (found := [row for row in rows if _kind(row.name) == kind])}


def _all_bits(rows: Iterable[AgreementRow]) -> int:
    """How many are the same to the bit wherever they were redrawn."""
    bit = Badge(*_CELLS[Agreement.BITS])
    return sum(any(row.cells) and all(cell == bit for cell in row.cells if cell) for row in rows)


def audits_page(project: Project, origin: str) -> Page:
    """Return the page that shows all records of audits in the folder audits of a tree.

    Args:
        origin: what the site is made from, for the foot of the page.

    Raises:
        DigsError: a record is damaged.
    """
    columns = [AuditColumn(name, record) for name, record in read_audits(project.root).items()]
    drawing = [column for column in columns if column.record.redrawn]
    rows = list(_rows(project, drawing))
    values = {
        "origin": origin,
        "audits": columns,
        "drawing": drawing,
        "sections": _sections(rows) if drawing else {},
        "shown": len(rows),
        "all_bits": _all_bits(rows),
        "tolerance": f"{Agreement.TOLERANCE}",
        "nothing": _NOTHING,
        "folder": FOLDER,
    }
    entries = [
        SearchEntry(
            "audit",
            column.name,
            f"{column.when} UTC, {column.record.machine.get('processor', '')}, {column.kernels}: {column.scope}",
            f"{AUDITS}#{column.anchor}",
        )
        for column in columns
    ]
    return Page(AUDITS, filled("audits.html.j2", AUDITS, values), entries)
