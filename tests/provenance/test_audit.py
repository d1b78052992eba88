"""digs audit: a sound tree passes, and whatever is tampered with is named."""

import json
from pathlib import Path

import pytest
from conftest import command, edit

from digs.base import paths
from digs.base.errors import DigsError
from digs.files.atomic import md5, read_json
from digs.provenance import audit, fingerprints, report
from digs.provenance.audit import AuditVerdict, Finding, Project
from digs.provenance.pipeline import Pipeline

FIGURE = "fig_sbc"  # a quick one, with a table and a group of numbers from the same stage
NAMES = [FIGURE, "tab_calibration", "calibration.calibration"]


def problems(tree: Path, names: list[str] | None = None) -> list[str]:
    """What an audit without redrawing finds wrong."""
    project = Project(tree)
    findings = audit.Checks(project).of(names or project.everything) + audit.check_text(project)
    return [finding.text for finding in findings if finding.verdict is AuditVerdict.WRONG]


def test_everything_in_this_tree_checks(pristine):
    assert problems(pristine) == []


def test_sound_copy_passes_and_says_where_a_figure_comes_from(tree):
    ended = command(tree, "audit", "sbc", "--rebuild")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    for words in ("src/scripts/figures/fig_sbc.py", "made by stage calibration", "seed", "posteriors:", "refers to it"):
        assert words in ended.stdout
    assert "fig_sbc redrawn: the same to the bit" in ended.stdout


def test_what_all_stages_cost_is_added_up_from_their_records(tree):
    project = Project(tree)
    for path in (tree / "records").glob("*.json"):
        ran = read_json(path)["circumstances"]
        edit(path, f'"wall_seconds": {ran["wall_seconds"]}', '"wall_seconds": 36.0')
        edit(path, f'"cpu_seconds": {ran["cpu_seconds"]}', '"cpu_seconds": 72.0')
        edit(path, f'"commit": "{ran["commit"]}"', '"commit": "0123456789ab"')
    edit(tree / "records/chains.json", '"wall_seconds": 36.0', '"wall_seconds": 3600.0')
    ran = len(list((tree / "records").glob("*.json")))
    said = f"{ran} of {len(project.pipeline.stages)} stages ran for {1 + (ran - 1) / 100:.1f} h in all"
    assert report.costs(project).startswith(
        f"{said}, {2 * ran / 100:.1f} h of one core, at 1 commit, by their records;"
    )
    assert report.costs(project).endswith("the longest, chains, for 60 min")


def test_tampered_data_file_is_named(tree):
    path = tree / "src/data/calibration.json"
    edit(path, '"galaxies": 1000', '"galaxies": 1001')
    assert any("src/data/calibration.json" in text for text in problems(tree, NAMES))
    ended = command(tree, "audit", "tab_calibration")
    assert ended.returncode == 1
    assert "WRONG" in ended.stdout


def test_tampered_data_that_dvc_lock_was_made_to_fit_are_named(tree):
    path = tree / "src/data/calibration.json"
    before = md5(path)
    edit(path, '"galaxies": 1000', '"galaxies": 1001')
    edit(tree / "dvc.lock", before, md5(path))
    assert any("recorded with another src/data/calibration.json" in text for text in problems(tree, NAMES))


def test_tampered_script_is_named(tree):
    assert problems(tree, NAMES) == []
    edit(tree / "src/scripts/figures/fig_sbc.py", "    save(figure", "    # changed\n    save(figure")
    assert any("fig_sbc.py is not the script of the recorded fig_sbc" in text for text in problems(tree, NAMES))


def test_a_script_that_is_not_listed_is_named(tree, refused):
    for name, where in (("figures/fig_new", "showyourwork.yml"), ("tables/tab_new", "the Snakefile's TABLES")):
        path = tree / f"src/scripts/{name}.py"
        path.touch()
        with refused(f"src/scripts/{name}.py is not in {where}"):
            Project(tree).find("new")
        path.unlink()


def test_what_is_renewed_alone_leaves_the_rest(tree):
    before = fingerprints.load(tree)
    fingerprints.store(tree, {name: entry for name, entry in before.items() if name != FIGURE})
    ended = command(tree, "renew", "sbc")
    assert ended.stdout == f"{FIGURE} is new\n", ended.stderr
    renewed = fingerprints.load(tree)
    assert renewed.pop(FIGURE)["shown"].keys() == before.pop(FIGURE)["shown"].keys()
    assert renewed == before


def test_names_of_scripts_are_understood(refused):
    assert fingerprints.scripts_named(paths.ROOT, ["corner", "tab_widths", "numbers"]) == [
        "fig_corner",
        "tab_widths",
        fingerprints.NUMBERS,
    ]
    with refused("No script makes 'brakes'", "fig_corner"):
        fingerprints.scripts_named(paths.ROOT, ["brakes"])


def test_tampered_stage_is_named(tree):
    edit(tree / "src/digs/diagnostics/ranks.py", "(rank + 0.5)", "(rank + 0.6)")
    assert "stage calibration is stale: its code has changed since, and nothing vouches for it" in problems(tree, NAMES)


def test_remarks_in_the_code_of_a_stage_change_nothing(tree):
    path = tree / "src/digs/diagnostics/ranks.py"
    path.write_text("# a remark\n" + path.read_text())
    assert problems(tree, NAMES) == []


def test_a_lock_that_was_written_without_a_run_is_named(tree):
    """`dvc commit` after a change of parameters, with the products of another run."""
    edit(tree / "params.yaml", "seed: 68", "seed: 69")
    edit(tree / "dvc.lock", "seed: 68", "seed: 69")
    found = problems(tree, NAMES)
    assert "stage calibration is stale: calibration of params.yaml changed" in found
    record = tree / "records/calibration.json"
    edit(record, '"seed": 68', '"seed": 69')
    assert problems(tree, NAMES) == [
        "stage calibration is stale: src/data/calibration.h5 was made with calibration.seed = 68, params.yaml has 69"
    ]


def test_changed_parameter_makes_its_stages_stale(tree):
    edit(tree / "params.yaml", "seed: 68", "seed: 69")
    assert "stage calibration is stale: calibration of params.yaml changed" in problems(tree, NAMES)


def test_tampered_number_of_the_text_is_named(tree):
    built = tree / "src/tex/output/test_draws.txt"
    built.parent.mkdir(exist_ok=True)
    built.write_text("0.50")
    assert any("test_draws.txt does not say what is recorded" in text for text in problems(tree, NAMES))
    built.unlink()
    edit(tree / "src/tex/ms.tex", r"\variable{output/test_draws.txt}", "1234")
    assert any("1234 is typed" in text for text in problems(tree, NAMES))
    edit(tree / "src/tex/ms.tex", "1234", r"\variable{output/no_such_number.txt}")
    assert any("no_such_number" in text for text in problems(tree, NAMES))


def test_stages_behind_nothing_shown_are_looked_at_too(pristine):
    project = Project(pristine)
    project.declared, project.recorded = {}, {}
    assert project.everything == []
    said = " ".join(finding.text for finding in audit.Checks(project).all)
    for stage in project.pipeline.stages:
        assert f"stage {stage}:" in said


def test_figure_without_a_script_is_named(tree):
    edit(tree / "src/tex/ms.tex", r"\script{figures/fig_sbc.py}", "")
    assert any("a figure has no" in text for text in problems(tree))


def test_redrawing_finds_what_the_records_were_made_to_hide(tree):
    """A script that draws other numbers, and a record and a built figure that say that all is well."""
    script = tree / "src/scripts/figures/fig_sbc.py"
    edit(script, "    save(figure", "    figure.axes[0].set_ylim(top=1234)\n    save(figure")
    record = json.loads((tree / fingerprints.FILE).read_text())
    record[FIGURE]["script"] = md5(script)
    (tree / fingerprints.FILE).write_text(json.dumps(record))
    assert problems(tree, [FIGURE]) == []
    found = audit.check_redrawn(Project(tree), [FIGURE])[FIGURE]
    assert any(finding.verdict is AuditVerdict.WRONG and "panel 0: frame" in finding.text for finding in found)


def test_what_cannot_be_checked_is_said(tree):
    for name in ("src/data/calibration.h5", "src/data/posteriors.h5"):
        (tree / name).unlink()
    ended = command(tree, "audit", "sbc", "--rebuild")
    assert ended.returncode == 3
    assert "src/data/calibration.h5: not here; `dvc pull` fetches it" in ended.stdout
    assert "fig_sbc was not redrawn" in ended.stdout


def test_data_are_found_in_the_store(tree):
    """A fresh clone has the store inside the repository, and need not even pull."""
    path = tree / "src/data/calibration.h5"
    digest = md5(path)
    kept = tree / "data-store/files/md5" / digest[:2] / digest[2:]
    kept.parent.mkdir(parents=True)
    path.rename(kept)
    project = Project(tree)
    assert project.pipeline.stored("src/data/calibration.h5") == kept
    assert audit.check_data(project, "src/data/calibration.h5").verdict is AuditVerdict.FINE
    kept.write_bytes(b"spoilt")
    found = audit.check_data(Project(tree), "src/data/calibration.h5")
    assert found.verdict is AuditVerdict.WRONG
    assert "git checkout data-store" in found.text


def test_names_that_people_use():
    project = Project(paths.ROOT)
    for word in ("sbc", "fig_sbc", "fig_sbc.py", "sbc.pdf", "fig:sbc"):
        assert project.find(word) == [FIGURE]
    assert project.find("tab:widths") == project.find("widths") == ["tab_widths"]
    assert set(project.find("numbers")) == set(project.groups)
    with pytest.raises(DigsError, match="choose from"):
        project.find("no_such_figure")


def test_lineage_ends_at_the_simulator():
    project = Project(paths.ROOT)
    lineage = [stage.name for stage in project.pipeline.lineage(project.data(FIGURE))]
    assert lineage == ["library", "flow", "posteriors", "calibration"]


def test_sentences_that_rest_on_a_figure():
    project = Project(paths.ROOT)
    said = "\n".join(report.resting(project, FIGURE))
    assert "refers to it" in said
    assert "numbers from its data" in said
    assert project.numbers["test_draws"] in said
    networks = {"flow_lookup", "flow_exact", "flow_fiducial"}
    assert project.pipeline.last(project.data("fig_corner")) == {"chains", *networks}


def test_every_figure_and_table_of_the_text_is_audited():
    project = Project(paths.ROOT)
    assert {exhibit.script for exhibit in project.manuscript.exhibits} == set(project.declared)


def test_what_scripts_read_is_what_they_declare():
    project = Project(paths.ROOT)
    for name, files in project.declared.items():
        assert set(files) == set(project.recorded[name]["data"]), name


def test_every_stage_says_what_it_does_and_costs():
    for stage in Pipeline(paths.ROOT).stages.values():
        assert stage.about, stage.name
        assert stage.takes != "not recorded", stage.name


def test_readme_has_the_table_of_stages_as_dvc_yaml_has_it():
    readme = (paths.ROOT / "README.md").read_text()
    assert report.TABLE.search(readme)
    assert report.with_cost_table(readme, Pipeline(paths.ROOT)) == readme


def test_readme_has_the_league_as_the_product_has_it():
    readme, product = (paths.ROOT / "README.md").read_text(), paths.DATA / "league.json"
    assert len(report.LEAGUE.findall(readme)) == 1 and "digs stages" not in report.LEAGUE.findall(readme)[0]
    if product.is_file():
        assert report.with_league_table(readme, read_json(product)) == readme


def test_worst_finding_decides_the_exit_status():
    from digs.__main__ import _exit_status

    fine, vouched, unknown, wrong = (Finding(verdict, "x") for verdict in AuditVerdict)
    assert [_exit_status(found) for found in ([fine, vouched], [vouched, unknown], [unknown, wrong])] == [0, 3, 1]
