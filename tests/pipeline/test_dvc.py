"""The real pipeline's graph: a changed number or module makes DVC rerun what depends on it, and nothing else.

DVC runs the stages of dvc.yaml in a small copy of this tree, where a stand-in for Python writes only placeholders. Of
the modules that stages name the copy has one. DVC runs in this process, and YAML is read and written by quicker means
than its own.
"""

import importlib.util
import json
import os
from collections.abc import Callable, Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import dvc.utils.serialize._yaml
import dvc.utils.strictyaml
import pytest
import yaml
from dvc.repo import Repo

from digs.base import paths
from digs.provenance import build_plan
from digs.provenance.build_plan import BuildPlan
from digs.provenance.dependencies import script_of
from digs.provenance.documents import names, outputs, read_yaml

spec = importlib.util.spec_from_file_location("smoke", paths.ROOT / "tools" / "smoke.py")
smoke = importlib.util.module_from_spec(spec)
spec.loader.exec_module(smoke)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:dvc")

STAGES = smoke.stages(paths.ROOT)
MODULE = "src/digs/exact/emcee_walk.py"

# the copy's `python`: writes each output of the stage that runs it, never twice the same, and the stage's name
STAND_IN = """#!/bin/sh
case "$*" in
{cases}
esac
echo "$name" >>runs.log
for out in $outs; do
    mkdir -p "$(dirname "$out")"
    date +%s%N >"$out"
done
"""


def stand_in() -> str:
    cases = (
        f'"{stage["cmd"].removeprefix("python ")}") name={name} outs="{" ".join(outputs(stage))}" ;;'
        for name, stage in STAGES.items()
    )
    return STAND_IN.format(cases="\n".join(cases))


def slim(stage: dict[str, Any]) -> dict[str, Any]:
    """A stage that names of all modules at most the one."""
    code = {script_of(stage["cmd"]), MODULE}
    return {**stage, "deps": [dep for dep in stage["deps"] if dep.startswith("src/data/") or dep in code]}


def quick_parse(text: str, path: str, typ: str = "safe") -> Any:
    return json.loads(text) if text.startswith("{") else read_yaml(Path(path))


def status(tree: Path, stages: list[str] | None = None) -> dict[str, list[Any]]:
    """What `dvc status --json` says, without the time that it takes to start."""
    with chdir(tree):
        return Repo().status(targets=stages)


def changed(tree: Path) -> set[str]:
    """The stages that changed themselves."""
    return set(status(tree))


def rerun(tree: Path) -> set[str]:
    """The stages that DVC runs now."""
    log = tree / "runs.log"
    log.unlink(missing_ok=True)
    with chdir(tree):
        Repo().reproduce()
    return set(log.read_text().split()) if log.exists() else set()


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Iterator[Path]:
    """A copy in which every stage has run."""
    tree, programs = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("programs")
    for name in (".dvc/config", ".dvcignore", MODULE, *{script_of(stage["cmd"]) for stage in STAGES.values()}):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes((paths.ROOT / name).read_bytes())
    (tree / "params.yaml").write_text(json.dumps(read_yaml(paths.PARAMS)))
    (tree / "dvc.yaml").write_text(json.dumps({"stages": {name: slim(stage) for name, stage in STAGES.items()}}))
    (programs / "python").write_text(stand_in())
    (programs / "python").chmod(0o755)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PATH", str(programs), prepend=os.pathsep)
        patched.setenv("DVC_SITE_CACHE_DIR", str(tmp_path_factory.mktemp("site")))
        for module in (dvc.utils.serialize._yaml, dvc.utils.strictyaml):
            patched.setattr(module, "parse_yaml", quick_parse)
        patched.setattr(dvc.utils.serialize._yaml, "_dump", json.dump)
        patched.setattr(build_plan, "dvc_status", status)
        with chdir(tree):
            Repo.init(no_scm=True, force=True)
        assert rerun(tree) == set(STAGES)
        yield tree


@pytest.fixture
def tree(built) -> Iterator[Path]:
    """The copy, put back afterwards as it was."""
    kept = {path: path.read_bytes() for path in built.rglob("*") if path.is_file() and ".dvc" not in path.parts}
    yield built
    for path, content in kept.items():
        path.write_bytes(content)


def edit(path: Path, change: Callable[[str], str]) -> None:
    before = path.read_text()
    path.write_text(change(before))
    assert path.read_text() != before


def with_value(where: str, value: Any) -> Callable[[str], str]:
    def change(text: str) -> str:
        params = json.loads(text)
        *sections, last = where.split(".")
        section = params
        for name in sections:
            section = section[name]
        assert last in section
        section[last] = value
        return json.dumps(params)

    return change


def nobody_is_asked(tree: Path) -> bool:
    """Whether a build knows without DVC that nothing changed."""
    plan = BuildPlan(tree)
    return not plan.doubtful and not plan.stale


def test_untouched_copy_has_nothing_to_run(tree):
    assert nobody_is_asked(tree)
    assert changed(tree) == rerun(tree) == set()


def test_touched_files_change_nothing(tree):
    for path in tree.rglob("*"):
        if path.is_file() and ".dvc" not in path.parts:
            os.utime(path)
    assert nobody_is_asked(tree)
    assert changed(tree) == set()


NETWORKS = {"flow", "flow_exact", "flow_lookup", "flow_table1", "flow_fiducial", "flow_short", "flow_wide"}
STUDIES = {"study_search", "study_budget", "study_seeds", "study_batches"}
COMPARED = {"brute_force", "choices", "comparison", "two_sample", "nested"}  # with the chains of `reference`
AFTER_FLOW = {"posteriors", "calibration", "lookup_experiment", "validation"}
LIGHTS = {"predictive_checks", "warning_lights"}


@pytest.mark.parametrize(
    ("where", "value", "declared", "downstream"),
    [
        (
            "noise.fraction",
            0.06,
            {"library", *NETWORKS, *STUDIES, "training_speed", "chains", "reference", *COMPARED, "edges"}
            | {
                "lookup_experiment",
                "validation",
                "timing",
                "compression",
                "prospector_posteriors",
                "benchmark",
                "frontier",
                "league",
                "released_recipe",
                "released_network",
                "jitter",
                *LIGHTS,
            },
            {"agreement", "redshifted", *AFTER_FLOW},
        ),
        (
            "networks.paper.seed",
            1,
            {"flow", "training_speed", "lookup_experiment"},
            {*AFTER_FLOW, "comparison", "two_sample", "league"},
        ),
        ("networks.lookup.seed", 1, {"flow_lookup", "lookup_experiment"}, {"validation", "edges", "league"}),
        ("posteriors.seed", 1, {"posteriors"}, {"calibration"}),
        ("warning_lights.seed", 1, {"warning_lights"}, {"league"}),
        ("redshifted.galaxies", 400, {"redshifted"}, {"warning_lights", "league"}),
        ("calibration.bootstrap", 7, {"calibration"}, set()),
        (
            "general_network.seed",
            1,
            {"general_network", "general_search"},
            {"general_validation", "general_prospector", "catalogue_speed", "real_spectra"},
        ),
        ("general_search.seed", 1, {"general_search"}, set()),
        ("general_validation.seed", 1, {"general_validation"}, set()),
        ("catalogue_speed.seed", 1, {"catalogue_speed"}, set()),
        ("real_spectra.seed", 1, {"real_spectra"}, set()),
    ],
)
def test_changed_parameter_reruns_what_follows_from_it(tree, where, value, declared, downstream):
    edit(tree / "params.yaml", with_value(where, value))
    assert changed(tree) == declared
    assert BuildPlan(tree).stale == declared | downstream
    assert rerun(tree) == declared | downstream


def test_changed_module_reruns_the_stages_that_name_it(tree):
    naming = {name for name, stage in STAGES.items() if MODULE in stage["deps"]}
    assert "chains" in naming
    edit(tree / MODULE, lambda text: text + "\n# changed\n")
    assert changed(tree) == naming
    assert BuildPlan(tree).stale == naming | COMPARED
    assert rerun(tree) == naming | COMPARED


def test_comment_in_params_reruns_nothing(tree):
    edit(tree / "params.yaml", lambda text: "# a remark\n" + text)
    assert nobody_is_asked(tree)
    assert changed(tree) == set()


def test_data_that_are_absent_have_not_changed(tree):
    (tree / "src/data/posteriors.h5").unlink()
    assert nobody_is_asked(tree)
    assert set(status(tree)) == {"posteriors", "calibration"}  # DVC says what is missing, here and upstream


def test_data_that_were_edited_are_made_again(tree):
    edit(tree / "src/data/posteriors.h5", lambda text: text + "0")
    assert BuildPlan(tree).stale == {"posteriors", "calibration"} == changed(tree)


def test_frozen_stage_is_left_to_dvc(tree):
    edit(tree / "dvc.yaml", lambda text: text.replace('"calibration": {', '"calibration": {"frozen": true,'))
    edit(tree / "params.yaml", with_value("calibration.bootstrap", 7))
    plan = BuildPlan(tree)
    assert plan.doubtful == ["calibration"]
    assert plan.stale == changed(tree) == set()


def test_stages_name_the_modules_that_exist():
    for name, stage in STAGES.items():
        files = [file for file in names(stage["deps"]) if not file.startswith("src/data/")]
        assert not [file for file in files if not (paths.ROOT / file).exists()], name
        assert script_of(stage["cmd"]) in files, name


def test_a_rehearsal_keeps_the_stages_that_need_what_few_have():
    needy = {name for name, stage in STAGES.items() if stage.get("meta", {}).get("needs")}
    assert {*smoke.KEPT, *smoke.KEPT_LATER} == needy


def test_tiny_budget_fits_params_and_spares_the_simulations():
    """The smoke run's overlay changes nothing that the stages kept from the start depend on, but for `timing`."""
    params = yaml.safe_load(paths.PARAMS.read_text())
    tiny = yaml.safe_load((paths.ROOT / "tools" / "smoke.yaml").read_text())
    assert smoke.overlay(params, tiny) != params
    for stage in smoke.KEPT:
        sections = {name.split(".")[0] for name in STAGES[stage]["params"]}
        assert sections & set(tiny) <= {"timing"}


def test_overlay_refuses_a_name_that_params_lacks():
    with pytest.raises(smoke.SmokeError, match="walkres"):
        smoke.overlay({"chains": {"walkers": 8}}, {"chains": {"walkres": 4}})
