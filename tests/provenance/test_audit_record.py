"""digs audit --record: what is written, of what, and what is refused."""

import json
import sys
from pathlib import Path

import pytest

from digs import __main__
from digs.base import paths
from digs.base.errors import DigsError
from digs.provenance import audit, audit_record
from digs.provenance.audit import Agreement, AuditVerdict, Finding, Project, RedrawnFinding
from digs.provenance.audit_record import AuditScope, read_audit, read_audits, recorded_audit

SCOPE = AuditScope(figure=None, rebuild=True, from_scratch=None)
FOUND = [
    Finding(AuditVerdict.FINE, "a file"),
    Finding(AuditVerdict.VOUCHED, "a stage"),
    RedrawnFinding(AuditVerdict.FINE, "fig_a redrawn", "fig_a", Agreement.BITS, ("openblas Haswell",)),
    RedrawnFinding(AuditVerdict.FINE, "fig_b redrawn", "fig_b", Agreement.BITS, ("openblas Haswell",)),
    RedrawnFinding(AuditVerdict.WRONG, "fig_b redrawn", "fig_b", Agreement.APART, ("openblas Haswell",)),
]


def written(file: Path, findings: list[Finding] = FOUND) -> audit_record.AuditRecord:
    with recorded_audit(paths.ROOT, file, SCOPE) as found:
        found += findings
    return read_audit(file.parent, file.name)


def test_a_record_says_what_was_found_and_where(tmp_path):
    record = written(tmp_path / "one.json")
    assert record.counts == {"ok": 3, "vouched": 1, "not checked": 0, "WRONG": 1}
    assert [finding["text"] for finding in record.findings] == [finding.text for finding in FOUND]
    assert record.redrawn == {"fig_a": Agreement.BITS, "fig_b": Agreement.APART}  # the worst that was found
    assert record.blas == ["openblas Haswell"]
    assert record.scope == SCOPE
    assert record.stopped is None
    assert {"processor", "cores", "python"} <= record.machine.keys()
    assert {"numpy", "matplotlib"} <= record.versions.keys()


def test_without_a_file_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(audit_record, "write_json", lambda *_: pytest.fail("it was written"))
    with recorded_audit(paths.ROOT, None, SCOPE) as found:
        found += FOUND


def test_an_audit_that_an_error_ends_is_recorded_as_such(tmp_path, refused):
    file = tmp_path / "one.json"
    with refused("no room"), recorded_audit(paths.ROOT, file, SCOPE) as found:
        found += FOUND[:1]
        raise DigsError("There is no room.")
    record = read_audit(tmp_path, file.name)
    assert record.stopped == "There is no room."
    assert len(record.findings) == 1


def test_an_interrupted_audit_leaves_the_record_of_before(tmp_path):
    file = tmp_path / "one.json"
    before = written(file)
    with pytest.raises(KeyboardInterrupt), recorded_audit(paths.ROOT, file, SCOPE):
        raise KeyboardInterrupt
    assert read_audit(tmp_path, file.name) == before
    assert list(tmp_path.iterdir()) == [file]


def test_bad_places_are_refused_before_the_audit(tmp_path, refused, monkeypatch):
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "params.json").write_text('{"seed": 1}')
    places = {
        "folder.json": "is a folder",
        "nowhere/one.json": "does not exist",
        "one.txt": "does not end in .json",
        "params.json": "is no record of an audit",
    }
    for place, words in places.items():
        with refused(str(tmp_path), words), recorded_audit(paths.ROOT, tmp_path / place, SCOPE):
            pytest.fail("the audit started")
    with refused("cannot be written"), recorded_audit(paths.ROOT, Path("/proc/one.json"), SCOPE):
        pytest.fail("the audit started")
    assert (tmp_path / "params.json").read_text() == '{"seed": 1}'


def test_damaged_records_are_named(tmp_path, refused):
    folder = tmp_path / audit_record.FOLDER
    folder.mkdir()
    assert read_audits(tmp_path) == {}
    file = folder / "one.json"
    written(file)
    content = json.loads(file.read_text())
    for damage, words in (
        ({"commit": 3}, "commit"),
        ({"counts": content["counts"] | {"WRONG": 0}}, "counts are not those"),
        ({"more": 1}, "more"),
        ({"redrawn": {"fig_a": "perhaps"}}, "redrawn.fig_a"),
    ):
        file.write_text(json.dumps(content | damage))
        with refused("audits/one.json", words):
            read_audits(tmp_path)
    file.write_text("{")
    with refused("audits/one.json", "JSON"):
        read_audits(tmp_path)


def test_records_come_the_latest_first(tmp_path):
    folder = tmp_path / audit_record.FOLDER
    folder.mkdir()
    for name, date in (("a", "2026-01-02"), ("b", "2026-03-04"), ("c", "2026-02-03")):
        written(folder / f"{name}.json")
        content = json.loads((folder / f"{name}.json").read_text())
        (folder / f"{name}.json").write_text(json.dumps(content | {"date": f"{date}T00:00:00+00:00"}))
    assert list(read_audits(tmp_path)) == ["b", "c", "a"]


def test_tracked_records_are_sound():
    for name, record in read_audits(paths.ROOT).items():
        assert record.stopped is None, name
        assert record.scope == SCOPE, name
        assert not record.dirty, name


def test_the_command_records_and_redraws(tmp_path, tracked, monkeypatch, capsys):
    tracked("calibration.json")
    file = tmp_path / "one.json"
    monkeypatch.setattr(sys, "argv", ["digs", "audit", "tab_calibration", "--rebuild", "--record", str(file)])
    with pytest.raises(SystemExit) as ended:
        __main__.main()
    record = read_audit(tmp_path, file.name)
    assert record.scope == {"figure": "tab_calibration", "rebuild": True, "from_scratch": None}
    assert record.redrawn.keys() == {"tab_calibration"}
    assert record.blas  # of the process that drew
    assert ended.value.code == __main__._exit_status([Finding(f["verdict"], "") for f in record.findings])
    said = capsys.readouterr().out
    assert ", ".join(f"{number} {verdict}" for verdict, number in record.counts.items()) in said


def test_what_lacks_data_is_recorded_as_not_redrawn(monkeypatch):
    project = Project(paths.ROOT)
    monkeypatch.setattr(project.pipeline, "stored", lambda file: None)
    found = audit.check_redrawn(project, ["fig_sbc"])["fig_sbc"]
    assert [finding.agreement for finding in found] == [Agreement.NOT_DRAWN]


def test_what_is_drawn_otherwise_is_recorded_as_apart():
    project = Project(paths.ROOT)
    recorded = project.recorded["tab_priors"]
    now = {"tab_priors": {**recorded, "kernels": ["openblas Zen"]}}
    (same,) = audit.compare(project, "tab_priors", now)
    assert (same.agreement, same.kernels) == (Agreement.BITS, ("openblas Zen",))
    now["tab_priors"]["shown"] = {**recorded["shown"], "row 0": {"text": "other"}}
    (other,) = audit.compare(project, "tab_priors", now)
    assert (other.agreement, other.verdict) == (Agreement.APART, AuditVerdict.WRONG)
