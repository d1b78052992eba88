"""Whether figures, tables and numbers are what the tracked scripts make of the tracked data.

A chain of hashes: fingerprints.json names the script and the data of everything shown, dvc.lock the code, parameters
and data of every stage. Where a link is broken the audit says which. Redrawing closes the chain at its end: it compares
what the scripts draw now with what they drew.
"""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property, partial
from pathlib import Path
from re import Pattern

from typing_extensions import TypedDict

from digs.base.errors import DigsError
from digs.paper.figure_contents import Entry
from digs.provenance import fingerprints
from digs.provenance.dependencies import FigureFile
from digs.provenance.documents import check_content, read_document, read_text
from digs.provenance.fingerprints import NUMBERS, Fingerprint
from digs.provenance.manuscript import Exhibit, Manuscript
from digs.provenance.pipeline import Pipeline, Stage
from digs.provenance.product_settings import contradictions
from digs.provenance.standing import Standing, StandingJudge

TYPED = Path("src/tex/typed_numbers.yaml")


class TypedNumber(TypedDict):
    """An entry of typed_numbers.yaml: where a number may be typed."""

    pattern: Pattern[str]


class AuditVerdict(StrEnum):
    """What an audit says of one thing."""

    FINE = "ok"
    VOUCHED = "vouched"
    UNKNOWN = "not checked"
    WRONG = "WRONG"


class Agreement(StrEnum):
    """What came of drawing something again, from the best to the worst."""

    BITS = "the same to the bit"
    TOLERANCE = f"the same to {fingerprints.TOLERANCE:g}"
    NOT_DRAWN = "not redrawn"
    APART = "not the same"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    verdict: AuditVerdict
    text: str

    def __str__(self) -> str:
        return f"[{self.verdict}] {self.text}"


@dataclass(frozen=True)
class RedrawnFinding(Finding):
    """What redrawing found of a figure, a table or a group of numbers.

    kernels: of the linear algebra libraries in the process that drew.
    """

    exhibit: str
    agreement: Agreement
    kernels: tuple[str, ...] = ()


def counts(findings: Iterable[Finding]) -> dict[AuditVerdict, int]:
    """Return how often findings come to each verdict."""
    found = [finding.verdict for finding in findings]
    return {verdict: found.count(verdict) for verdict in AuditVerdict}


def wrong(texts: Iterable[str]) -> list[Finding]:
    """Return a finding for each text, all of them wrong."""
    return [Finding(AuditVerdict.WRONG, text) for text in texts]


class Project:
    """A tree with everything that an audit reads: the pipeline, the manuscript and what is recorded of both."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.pipeline = Pipeline(root)
        self.manuscript = Manuscript(read_text(root, "src/tex/ms.tex"))
        self.recorded = fingerprints.load(root)
        self.judge = StandingJudge(root, self.pipeline)
        self.judgement = cache(lambda name: self.judge.judge(self.pipeline.stages[name]))

    @cached_property
    def declared(self) -> dict[str, list[str]]:
        """Return the data products of every figure and table, as showyourwork.yml and the Snakefile have them."""
        listed = read_document(self.root, "showyourwork.yml", FigureFile)["dependencies"]
        figures = {
            Path(script).stem: [file for file in files if file.startswith("src/data/")]
            for script, files in listed.items()
            if Path(script).stem.startswith("fig_")
        }
        return figures | {name: [f"src/data/{file}" for file in files] for name, files in _tables(self.root).items()}

    @property
    def groups(self) -> list[str]:
        """Return the recorded groups of numbers in the text."""
        return [name for name in self.recorded if "." in name]

    @cached_property
    def numbers(self) -> dict[str, str]:
        """Return every number in the text, as recorded."""
        return {
            number: entry["text"] for group in self.groups for number, entry in self.recorded[group]["shown"].items()
        }

    def data(self, name: str) -> list[str]:
        """Return the data products that a figure, a table or a group of numbers reads."""
        return self.declared[name] if name in self.declared else sorted(self.recorded.get(name, {}).get("data", {}))

    def script(self, name: str) -> str:
        """Return the file that makes it."""
        return fingerprints.script_of(name)

    def exhibit(self, name: str) -> Exhibit | None:
        """Return the figure or table of ms.tex that a script makes."""
        return next((exhibit for exhibit in self.manuscript.exhibits if exhibit.script == name), None)

    def find(self, word: str) -> list[str]:
        """Return what a user means: a script, a file that it makes, or a label; `numbers` are all groups of the text's.

        Raises:
            DigsError: nothing is called that.
        """
        if word in ("numbers", NUMBERS):
            return self.groups
        stem = Path(word).stem
        by_label = {exhibit.label: exhibit.script for exhibit in self.manuscript.exhibits}
        for name in (word, stem, f"fig_{stem}", f"tab_{stem}", by_label.get(word)):
            if name in self.declared or name in self.groups:
                return [name]
        for name in (stem, f"fig_{stem}", f"tab_{stem}"):
            if name.startswith(("fig_", "tab_")) and (self.root / self.script(name)).is_file():
                where = "showyourwork.yml" if name.startswith("fig_") else "the Snakefile's TABLES"
                raise DigsError(f"{self.script(name)} is not in {where}; list it there, with the data that it reads.")
        known = ", ".join(sorted(name.removeprefix("fig_") for name in self.declared))
        raise DigsError(f"There is no figure or table '{word}'; choose from: {known}, numbers.")

    @property
    def exhibits(self) -> list[str]:
        """Return the names of figures and tables in the order of the paper; those that it does not show come last."""
        shown = [exhibit.script for exhibit in self.manuscript.exhibits]
        return [name for name in dict.fromkeys([*shown, *self.declared]) if name in self.declared]

    @property
    def everything(self) -> list[str]:
        """Return the names of all figures, tables and groups of numbers."""
        return [*self.declared, *self.groups]


def _tables(root: Path) -> dict[str, list[str]]:
    """The data of every table, as the Snakefile has them."""
    literal = re.search(r"^TABLES = (\{.*?^\})", read_text(root, "Snakefile"), re.DOTALL | re.MULTILINE)
    try:
        tables = ast.literal_eval(literal[1]) if literal else None
    except (SyntaxError, ValueError):
        tables = None
    check_content(tables, "Snakefile", dict[str, list[str]])
    return tables


def check_data(project: Project, file: str) -> Finding:
    """Check a data product against dvc.lock."""
    pipeline = project.pipeline
    wanted, found = pipeline.locked.get(file), pipeline.hash(file)
    if wanted is None:
        return Finding(AuditVerdict.WRONG, f"{file}: dvc.lock does not know it")
    if found is None:
        if pipeline.stored(file):
            return Finding(AuditVerdict.FINE, f"{file}: not in the tree, but in DVC's store with the hash of dvc.lock")
        if kept := pipeline.kept(file):
            where = kept[0].relative_to(project.root)
            return Finding(AuditVerdict.WRONG, f"{file}: {where} is damaged; `git checkout data-store && dvc pull`")
        return Finding(AuditVerdict.UNKNOWN, f"{file}: not here; `dvc pull` fetches it")
    if found != wanted:
        return Finding(
            AuditVerdict.WRONG, f"{file}: its md5 is {found}, in dvc.lock {wanted}; `dvc checkout` restores it"
        )
    return Finding(AuditVerdict.FINE, f"{file}: md5 {found}, as in dvc.lock")


def check_stage(project: Project, stage: Stage) -> list[Finding]:
    """Check a stage against the record of its run, what vouches for it, and what its products say of their settings."""
    judgement = project.judgement(stage.name)
    reasons = [*judgement.reasons, *contradictions(project.pipeline, stage)]
    if reasons:
        return wrong(f"stage {stage.name} is stale: {reason}" for reason in reasons)
    standing = judgement.standing
    if standing is Standing.RAN:
        ran = judgement.record.circumstances.get("date", "")[:10]
        return [Finding(AuditVerdict.FINE, f"stage {stage.name}: as it ran on {ran}")]
    if standing is Standing.VOUCHED:
        return [Finding(AuditVerdict.VOUCHED, f"stage {stage.name}: {judgement.voucher.reason}")]
    return [Finding(AuditVerdict.UNKNOWN, f"stage {stage.name}: {standing}, and nothing vouches for it")]


def check_record(project: Project, name: str) -> list[Finding]:
    """Check that what is recorded of a script is of the script and data that are here, and of what was built here."""
    record = project.recorded.get(name)
    if record is None:
        return wrong([f"{name}: nothing is recorded of it; `digs renew` does"])
    script, found = project.script(name), []
    if project.pipeline.hash(script) != record["script"]:
        found.append(f"{script} is not the script of the recorded {name}; if the change is meant, `digs renew`")
    if set(project.data(name)) != set(record["data"]):
        found.append(f"{name} reads {', '.join(record['data'])}, and declares {', '.join(project.data(name))}")
    for file, known in record["data"].items():
        if known != project.pipeline.locked.get(file):
            found.append(f"{name} was recorded with another {file} than dvc.lock has; if that is meant, `digs renew`")
    found += _built(project, name, record)
    return wrong(found) or [
        Finding(AuditVerdict.FINE, f"{script}: the recorded {name} is of this script and these data")
    ]


def _built(project: Project, name: str, record: Fingerprint) -> list[str]:
    """How what the last build left in the tree differs from what is recorded."""
    tex = project.root / "src" / "tex"
    if name.startswith("fig_"):
        path = f"src/tex/figures/{name.removeprefix('fig_')}.json"
        try:
            exists = (project.root / path).is_file()
            built = read_document(project.root, path, dict[str, Entry]) if exists else record["shown"]
        except DigsError:
            return [f"{path} is damaged; rebuild it"]
        apart = fingerprints.departures(record, {"shown": built})
        return [f"the built {name}: {difference}; rebuild it" for difference in apart]
    texts = {f"{shown}.txt": entry["text"] for shown, entry in record["shown"].items()}
    if "." not in name:
        texts = {f"{name}.tex": "".join(f"{row}\n" for row in texts.values())}
    built = {tex / "output" / file: text for file, text in texts.items()}
    return [
        f"{path.relative_to(project.root)} does not say what is recorded; rebuild it, or restore {fingerprints.FILE}"
        for path, text in built.items()
        if path.is_file() and path.read_bytes() != text.encode()
    ]


def check_text(project: Project) -> list[Finding]:
    """Check ms.tex: no number is typed, none is missing, every figure and table is declared."""
    allowed = []
    if (project.root / TYPED).is_file():
        allowed = [entry["pattern"] for entry in read_document(project.root, str(TYPED), list[TypedNumber])]
    found = [str(typed) for typed in project.manuscript.typed(allowed)]
    unknown = sorted(project.manuscript.numbers - set(project.numbers))
    found += [f"ms.tex: nothing recorded is called \\variable{{output/{name}.txt}}" for name in unknown]
    found += [f"ms.tex, line {line}: a figure has no \\script that draws it" for line in project.manuscript.unsourced]
    found += [
        f"ms.tex, line {exhibit.line}: {exhibit.script} is in neither showyourwork.yml nor the Snakefile's TABLES"
        for exhibit in project.manuscript.exhibits
        if exhibit.script not in project.declared
    ]
    return wrong(found) or [Finding(AuditVerdict.FINE, "ms.tex: every number is generated and recorded")]


def check_redrawn(project: Project, names: list[str]) -> dict[str, list[Finding]]:
    """Redraw in a clean copy and compare with what is recorded; what lacks data is not checked."""
    absent = {name: [file for file in project.data(name) if not project.pipeline.stored(file)] for name in names}
    found = {
        name: [
            RedrawnFinding(
                AuditVerdict.UNKNOWN,
                f"{name} was not redrawn: {', '.join(files)} cannot be had here",
                name,
                Agreement.NOT_DRAWN,
            )
        ]
        for name, files in absent.items()
        if files
    }
    able = [name for name in names if name not in found]
    if not able:
        return found
    now = fingerprints.redraw(project.pipeline, scripts_of(able), data_of(project, able))
    new = [name for name in now if name not in project.recorded]
    return found | {name: compare(project, name, now) for name in {*able, *new}}


def compare(project: Project, name: str, now: dict[str, Fingerprint]) -> list[Finding]:
    """Compare what a script drew just now with what is recorded of it."""
    kernels = tuple(now.get(name, {}).get("kernels", ()))

    def found(texts: list[str], agreement: Agreement) -> list[Finding]:
        verdict = AuditVerdict.WRONG if agreement is Agreement.APART else AuditVerdict.FINE
        return [RedrawnFinding(verdict, text, name, agreement, kernels) for text in texts]

    if name not in project.recorded:
        return found([f"{name} is drawn, and nothing is recorded of it; `digs renew` does"], Agreement.APART)
    if name not in now:
        return found([f"{name} is recorded, and no script makes it any more; `digs renew`"], Agreement.APART)
    recorded = project.recorded[name]
    if apart := fingerprints.departures(recorded, now[name]):
        return found([f"{name} redrawn: {each}" for each in apart], Agreement.APART)
    how = Agreement.BITS if now[name]["shown"] == recorded["shown"] else Agreement.TOLERANCE
    return found([f"{name} redrawn: {how}"], how)


def scripts_of(names: Iterable[str]) -> list[str]:
    """Return the scripts that make figures, tables and groups of numbers, each once."""
    return list(dict.fromkeys(map(fingerprints.of_script, names)))


def data_of(project: Project, names: Iterable[str]) -> list[str]:
    """Return all data products that they read; all numbers of the text are made together."""
    wider = {*names, *(project.groups if any("." in name for name in names) else ())}
    return sorted({file for name in wider for file in project.data(name)})


class Checks:
    """Everything that hashes tell of a project, each thing looked at once."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.data = cache(partial(check_data, project))
        self.stage = cache(lambda name: check_stage(project, project.pipeline.stages[name]))
        self.record = cache(partial(check_record, project))

    def of(self, names: list[str]) -> list[Finding]:
        """Return the findings on some figures, tables and groups of numbers, and on all that they rest on."""
        return self._of(names, self.project.pipeline.lineage(sorted(self._read(names))))

    @property
    def all(self) -> list[Finding]:
        """Return the findings on everything, stages on which nothing shown rests included."""
        return self._of(self.project.everything, self.project.pipeline.stages.values())

    def _read(self, names: list[str]) -> set[str]:
        """The data products that they read themselves."""
        return {file for name in names for file in self.project.data(name)}

    def _of(self, names: list[str], stages: Iterable[Stage]) -> list[Finding]:
        files = sorted({*self._read(names), *(out for stage in stages for out in stage.outs)})
        found = [self.data(file) for file in files]
        found += [finding for stage in stages for finding in self.stage(stage.name)]
        return found + [finding for name in names for finding in self.record(name)]
