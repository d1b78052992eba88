"""Records, vouchers and settlements: what ran is what is said, and only that lets a stage pass."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from conftest import PATIENCE, edit

from digs.base import paths
from digs.base.closures import SourceTree
from digs.files.atomic import md5, write_json
from digs.provenance.clean_copy import environment, tracked_files
from digs.provenance.dependencies import code_of, outdated_lists, script_of, write_lists
from digs.provenance.pipeline import Pipeline
from digs.provenance.product_settings import contradictions
from digs.provenance.records import RunRecord, closure_hash, data_inputs, record_file, run_record
from digs.provenance.settlement import settle
from digs.provenance.standing import Standing, StandingJudge
from digs.provenance.vouching import load_vouchers, vouch

CODE = ("src/digs/", "src/scripts/", "dvc.yaml", "dvc.lock", "params.yaml", "showyourwork.yml")


def copy_code(tree: Path) -> Path:
    """Copy what says which code, parameters and data there are; no data."""
    for name in tracked_files(paths.ROOT):
        if name.startswith(CODE) and not name.startswith("src/data/"):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(paths.ROOT / name, tree / name)
    return tree


def record_all(tree: Path) -> None:
    """Write the records that all stages would have if they had just run and made what dvc.lock has."""
    pipeline, code = Pipeline(tree), SourceTree(tree / "src")
    for stage in pipeline.stages.values():
        record = RunRecord(
            stage=stage.name,
            command=stage.command,
            code=closure_hash(tree, stage, code),
            parameters=pipeline.parameters(stage),
            inputs={dep: pipeline.locked[dep] for dep in data_inputs(stage)},
            outputs={out: pipeline.locked[out] for out in stage.outs},
            circumstances={},
        )
        write_json(record_file(tree, stage.name), record.model_dump())


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    """The code of this tree, and records that say that all stages ran with it. For reading."""
    tree = copy_code(tmp_path_factory.mktemp("sound"))
    record_all(tree)
    return tree


@pytest.fixture
def tree(sound, tmp_path) -> Path:
    """The same, to be changed."""
    return Path(shutil.copytree(sound, tmp_path / "tree"))


def standings(tree: Path) -> dict[str, Standing]:
    pipeline = Pipeline(tree)
    judge = StandingJudge(tree, pipeline)
    return {name: judge.judge(stage).standing for name, stage in pipeline.stages.items()}


def stale(tree: Path) -> set[str]:
    return {name for name, standing in standings(tree).items() if standing is Standing.STALE}


MODULES = sorted(path.relative_to(paths.ROOT) for path in (paths.ROOT / "src" / "digs").rglob("*.py"))


@pytest.fixture(scope="module")
def judged(tmp_path_factory, sound):
    """Judges all stages of a copy of the code, whose modules may be changed one at a time; reads only what changed."""
    tree = Path(shutil.copytree(sound, tmp_path_factory.mktemp("modules") / "tree"))
    pipeline = Pipeline(tree)
    judge = StandingJudge(tree, pipeline)

    def stale_after(module: Path, change: str) -> set[str]:
        file = tree / module
        before = file.read_text()
        try:
            file.write_text(change.format(before=before))
            judge.tree.reread(file)
            return {name for name, stage in pipeline.stages.items() if judge.judge(stage).standing is Standing.STALE}
        finally:
            file.write_text(before)
            judge.tree.reread(file)

    return stale_after


@pytest.fixture(scope="module")
def users_of(sound) -> dict[str, set[str]]:
    """The stages whose closure has a module, by module."""
    tree, found = SourceTree(sound / "src"), {}
    for name, stage in Pipeline(sound).stages.items():
        for file in code_of(tree, script_of(stage.command)):
            found.setdefault(file, set()).add(name)
    return found


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_statement_makes_exactly_the_stages_stale_that_run_the_module(module, judged, users_of):
    assert judged(module, "{before}\nADDED = 1\n") == users_of.get(module.as_posix(), set())
    assert judged(module, "# a remark\n{before}\n# another\n") == set()


def test_most_modules_are_run_by_some_stage_and_what_records_runs_by_none(users_of):
    used = {module for module in MODULES if users_of.get(module.as_posix())}
    assert len(used) > len(MODULES) / 2
    assert not [module for module in used if module.parts[2] == "provenance"]


def test_docstrings_are_not_code(tree):
    path = tree / "src/digs/physics/histories/delayed_tau.py"
    text = path.read_text()
    assert text.startswith('r"""')
    path.write_text('"""Another docstring."""\n' + text.split('"""', 2)[2])
    assert stale(tree) == set()


def test_adding_a_stage_with_settings_and_schema_makes_no_other_stale(tree):
    (tree / "src/digs/config/stages/added_settings.py").write_text(
        "from typing import ClassVar\n\nfrom digs.config.model import Section\n\n\n"
        'class AddedSettings(Section):\n    section: ClassVar = "added"\n\n    size: int\n'
    )
    (tree / "src/digs/files/schemas/added_schema.py").write_text(
        'from digs.files.product import Field, Schema\n\nADDED = Schema("added", {"x": Field(("n",))})\n'
    )
    (tree / "src/scripts/stages/added.py").write_text(
        "from digs.config.params import load_params\nfrom digs.config.stages.added_settings import AddedSettings\n"
        "from digs.files.schemas.added_schema import ADDED\n"
    )
    with (tree / "dvc.yaml").open("a") as file:
        file.write(
            "\n  added:\n    cmd: python src/scripts/stages/added.py\n    deps: []\n    params:\n      - added\n"
            "    outs:\n      - src/data/added.h5\n"
        )
    with (tree / "params.yaml").open("a") as file:
        file.write("\nadded: {size: 1}\n")
    assert write_lists(tree) == ["dvc.yaml"]
    assert stale(tree) == {"added"}  # it has never run
    assert "src/digs/config/stages/added_settings.py" in Pipeline(tree).stages["added"].deps


def test_written_lists_are_what_the_sources_give():
    assert list(outdated_lists(paths.ROOT)) == []


@pytest.mark.parametrize("name", ["dvc.yaml", "showyourwork.yml"])
def test_a_module_taken_from_a_written_list_is_missed(tree, name):
    text = (tree / name).read_text()
    line = next(line for line in text.splitlines(keepends=True) if "src/digs/config/theta.py" in line)
    (tree / name).write_text(text.replace(line, "", 1))
    assert write_lists(tree) == [name]
    assert (tree / name).read_text() == text


def test_a_lock_that_was_written_without_a_run_is_stale(tree):
    lock = yaml.safe_load((tree / "dvc.lock").read_text())
    before = lock["stages"]["calibration"]["outs"][0]["md5"]
    edit(tree / "dvc.lock", before, "f" * 32)
    assert stale(tree) == {"calibration"}
    pipeline = Pipeline(tree)
    (reason,) = StandingJudge(tree, pipeline).judge(pipeline.stages["calibration"]).reasons
    assert "written without a run" in reason


def test_changed_inputs_and_parameters_are_named(tree):
    edit(tree / "params.yaml", "seed: 68", "seed: 69")
    lock = yaml.safe_load((tree / "dvc.lock").read_text())
    test_set = next(out for out in lock["stages"]["library"]["outs"] if out["path"] == "src/data/test.h5")
    edit(tree / "dvc.lock", test_set["md5"], "f" * 32)
    pipeline = Pipeline(tree)
    judge = StandingJudge(tree, pipeline)
    assert judge.judge(pipeline.stages["calibration"]).reasons.count("calibration of params.yaml changed") == 1
    assert "src/data/test.h5 changed" in judge.judge(pipeline.stages["reference"]).reasons


def test_a_stage_without_record_or_voucher_is_neither_sound_nor_wrong(tree):
    record_file(tree, "chains").unlink()
    assert standings(tree)["chains"] is Standing.UNRECORDED
    assert settle(tree, ["chains"]) == (
        [],
        ["stage chains cannot be settled: it has neither a record nor anything that vouches for it"],
    )


def test_a_damaged_record_is_one_sentence(tree, refused):
    path = record_file(tree, "chains")
    content = json.loads(path.read_text())
    content.pop("code")
    path.write_text(json.dumps(content))
    with refused("records/chains.json is damaged at 'code'", "git checkout"):
        run_record(tree, "chains")
    path.write_text("<<<<<<< a merge\n")
    with refused("chains.json has a conflict"):
        run_record(tree, "chains")
    path.write_text("{")
    with refused("records/chains.json is not JSON", "git checkout records/chains.json"):
        run_record(tree, "chains")


def test_vouching_needs_the_same_code_and_outputs(tree):
    module = tree / "src/digs/exact/ensembles.py"
    module.write_text(module.read_text() + "\nADDED = 1\n")
    users = stale(tree)
    assert {"reference", "timing"} <= users
    vouch(tree, sorted(users), "a constant that nothing reads", "no statement reads it")
    assert {name for name, standing in standings(tree).items() if standing is Standing.VOUCHED} == users
    module.write_text(module.read_text() + "\nANOTHER = 2\n")
    assert stale(tree) == users
    module.write_text(module.read_text().replace("\nANOTHER = 2\n", ""))
    outs = yaml.safe_load((tree / "dvc.lock").read_text())["stages"]["reference"]["outs"]
    edit(tree / "dvc.lock", outs[0]["md5"], "f" * 32)
    reasons = StandingJudge(tree, Pipeline(tree)).judge(Pipeline(tree).stages["reference"]).reasons
    assert "what vouches for it is about other outputs than dvc.lock has" in reasons


def test_vouching_from_other_code_than_that_of_the_run_is_refused(tree):
    module = tree / "src/digs/exact/ensembles.py"
    module.write_text(module.read_text() + "\nADDED = 1\n")
    vouch(tree, ["reference"], "why", "what")
    old = load_vouchers(tree)["reference"].old
    edit(tree / "vouched.yaml", old, "f" * 32)
    assert "reference" in stale(tree)


def test_vouchers_are_checked_when_they_are_read(tree, refused):
    with refused("The code of stage chains has not changed"):
        vouch(tree, ["chains"], "why", "what")
    module = tree / "src/digs/exact/emcee_walk.py"
    module.write_text(module.read_text() + "\nADDED = 1\n")
    vouch(tree, ["chains"], "why", "what")
    text = (tree / "vouched.yaml").read_text()
    entries = text.split("vouched:\n")[1]
    (tree / "vouched.yaml").write_text(text + entries)
    with refused("chains", "more than once"):
        load_vouchers(tree)
    (tree / "vouched.yaml").write_text(text.replace("reason:", "raison:"))
    with refused("vouched.yaml is damaged"):
        load_vouchers(tree)
    (tree / "vouched.yaml").unlink()
    with refused("a reason and evidence"):
        vouch(tree, ["chains"], " ", "what")
    with refused("There is no stage 'nothing'"):
        vouch(tree, ["nothing"], "why", "what")


def dvc_sees(tree: Path) -> set[str]:
    """The stages whose code DVC finds changed: files whose hashes dvc.lock does not have."""
    lock = yaml.safe_load((tree / "dvc.lock").read_text())["stages"]
    found = set()
    for name, stage in Pipeline(tree).stages.items():
        locked = {dep["path"]: dep["md5"] for dep in lock[name]["deps"]}
        code = [dep for dep in stage.deps if not dep.startswith("src/data/")]
        if lock[name]["cmd"] != stage.command or any(locked.get(dep) != md5(tree / dep) for dep in code):
            found.add(name)
    return found


def test_dvc_has_nothing_to_run_here():
    assert not dvc_sees(paths.ROOT), "run `dvc repro` on these, or `digs vouch` and `digs settle`"


@pytest.fixture
def settled(tree, tracked) -> Path:
    """A copy whose dvc.lock has the code as it is, with the data that it names."""
    for name in Pipeline(tree).locked:
        source = tracked(name.removeprefix("src/data/"))
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).hardlink_to(source) if source.stat().st_dev == tree.stat().st_dev else shutil.copyfile(
            source, tree / name
        )
    shutil.copytree(paths.ROOT / "src/static", tree / "src/static", dirs_exist_ok=True)
    settle(tree, [])
    assert dvc_sees(tree) == set()
    return tree


def found_by_dvc(tree: Path) -> set[str]:
    """The stages of which DVC itself finds more changed than that their outputs are not in its cache."""
    for name in (".dvc/config", ".dvcignore"):
        (tree / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(paths.ROOT / name, tree / name)
    subprocess.run(["git", "init", "-q"], cwd=tree, check=True, timeout=PATIENCE)
    command = ["dvc", "status", "--json"]
    ended = subprocess.run(command, cwd=tree, env=environment(tree), capture_output=True, check=True, timeout=PATIENCE)
    return {
        name for name, found in json.loads(ended.stdout).items() if any("changed outs" not in each for each in found)
    }


def test_remarks_are_settled_and_statements_are_not(settled):
    for module in MODULES:
        path = settled / module
        path.write_text(path.read_text() + "\n# a remark\n")
    assert dvc_sees(settled) == set(Pipeline(settled).stages)
    outs = {name: entry["outs"] for name, entry in yaml.safe_load((settled / "dvc.lock").read_text())["stages"].items()}
    changed, refused = settle(settled, [])
    assert set(changed) == set(outs)
    assert refused == []
    assert dvc_sees(settled) == set()
    after = yaml.safe_load((settled / "dvc.lock").read_text())["stages"]
    assert {name: entry["outs"] for name, entry in after.items()} == outs
    assert found_by_dvc(settled) == set()

    module = settled / "src/digs/exact/nested.py"
    module.write_text(module.read_text() + "\nADDED = 1\n")
    before = (settled / "dvc.lock").read_text()
    changed, refused = settle(settled, [])
    assert changed == []
    both = ["nested", "frontier"]  # which run it
    because = "cannot be settled: its code has changed since, and nothing vouches for it"
    assert refused == [f"stage {stage} {because}" for stage in both]
    assert (settled / "dvc.lock").read_text() == before
    vouch(settled, both, "a constant that nothing reads", "no statement reads it")
    assert settle(settled, []) == (both, [])
    assert dvc_sees(settled) == set()


def test_settling_what_is_unknown_is_refused(tree, refused):
    with refused("There is no stage nothing"):
        settle(tree, ["nothing"])


def test_products_that_name_other_settings_are_found(tree, tracked):
    """As one was: 5000 spectra in the product, 8000 in params.yaml and in dvc.lock."""
    for name in ("lookup_experiment.json", "lookup_experiment.h5", "chains.h5", "networks/paper.json"):
        (tree / "src/data" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(tracked(name), tree / "src/data" / name)
    assert contradictions(Pipeline(tree), Pipeline(tree).stages["lookup_experiment"]) == []
    path = tree / "src/data/lookup_experiment.json"
    content = json.loads(path.read_text())
    content["spectra"] = 5000
    before = md5(path)
    write_json(path, content)
    edit(tree / "dvc.lock", before, md5(path))
    (found,) = contradictions(Pipeline(tree), Pipeline(tree).stages["lookup_experiment"])
    assert found.startswith("src/data/lookup_experiment.json was made with lookup_experiment.spectra = 5000")
    assert contradictions(Pipeline(tree), Pipeline(tree).stages["chains"]) == []
    edit(tree / "params.yaml", "  fraction: 0.05 ", "  fraction: 0.06 ")
    (found,) = contradictions(Pipeline(tree), Pipeline(tree).stages["chains"])
    assert found == "src/data/chains.h5 was made with noise.fraction = 0.05, params.yaml has 0.06"
    edit(tree / "params.yaml", "seed: 2022\n", "seed: 2023\n")
    assert any(
        "networks.paper.seed = 2022" in each for each in contradictions(Pipeline(tree), Pipeline(tree).stages["flow"])
    )


def test_a_run_where_files_differed_from_its_commit_is_stale(tree):
    path = record_file(tree, "chains")
    content = json.loads(path.read_text())
    content["circumstances"]["commit"] = "0123456789ab-dirty"
    path.write_text(json.dumps(content))
    pipeline = Pipeline(tree)
    (reason,) = StandingJudge(tree, pipeline).judge(pipeline.stages["chains"]).reasons
    assert reason == "it ran where files differed from the commit that its record names"
