"""The real pipeline's graph: a changed number or module makes DVC rerun what depends on it, and nothing else.

The stages run in a copy of this tree, by DVC, but a stand-in for every script writes only placeholders.
"""

import importlib.util
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from digs.base import paths

spec = importlib.util.spec_from_file_location("smoke", paths.ROOT / "tools" / "smoke.py")
smoke = importlib.util.module_from_spec(spec)
spec.loader.exec_module(smoke)


def dvc(tree: Path, *arguments: str) -> str:
    return subprocess.run(
        ["dvc", *arguments], cwd=tree, env=smoke.environment(tree), capture_output=True, text=True, check=True
    ).stdout


# writes each output of the stage that runs it, never twice the same, and the stage's name into runs.log
STAND_IN = """
import sys, uuid
from pathlib import Path

import yaml

for name, stage in yaml.safe_load(Path("dvc.yaml").read_text())["stages"].items():
    if stage["cmd"].split()[1:] == sys.argv:
        with open("runs.log", "a") as log:
            print(name, file=log)
        for out in stage.get("outs", []) + stage.get("metrics", []):
            Path(out).parent.mkdir(parents=True, exist_ok=True)
            Path(out).write_text(str(uuid.uuid4()))
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    """A copy in which every stage has run."""
    tree = tmp_path_factory.mktemp("copy")
    smoke.copy_tree(tree)
    (tree / ".gitignore").write_text((tree / ".gitignore").read_text() + "/runs.log\n")
    for stage in smoke.stages(tree).values():
        (tree / stage["cmd"].split()[1]).write_text(STAND_IN)
    assert rerun(tree) == set(smoke.stages(tree))
    return tree


@pytest.fixture
def edited(tree):
    """edited(file, change): change the text of a file of the copy."""

    def edit(name: str, change: Callable[[str], str]) -> None:
        before = (tree / name).read_text()
        assert change(before) != before
        (tree / name).write_text(change(before))

    assert changed(tree) == set()
    yield edit
    rerun(tree)  # so that the next test, too, starts from a copy in which every stage has run


def changed(tree: Path) -> set[str]:
    """The stages that changed themselves."""
    return set(json.loads(dvc(tree, "status", "--json")))


def rerun(tree: Path) -> set[str]:
    """The stages that DVC runs now."""
    (tree / "runs.log").unlink(missing_ok=True)
    dvc(tree, "repro", "-q")
    return set((tree / "runs.log").read_text().split()) if (tree / "runs.log").exists() else set()


def with_value(where: str, value):
    def change(text: str) -> str:
        params = yaml.safe_load(text)
        *sections, last = where.split(".")
        section = params
        for name in sections:
            section = section[name]
        assert last in section
        section[last] = value
        return yaml.safe_dump(params, sort_keys=False)

    return change


def test_untouched_copy_has_nothing_to_run(tree):
    assert changed(tree) == rerun(tree) == set()


def test_touched_files_change_nothing(tree):
    for path in tree.rglob("*"):
        if path.is_file() and ".git" not in path.parts and ".dvc" not in path.parts:
            os.utime(path)
    assert changed(tree) == set()


NETWORKS = {"flow", "flow_exact", "flow_lookup", "flow_table1", "flow_fiducial", "flow_short", "flow_wide"}
STUDIES = {"study_search", "study_budget", "study_seeds", "study_batches"}
COMPARED = {"choices", "comparison", "two_sample", "nested"}  # with the chains of `reference`
AFTER_FLOW = {"posteriors", "calibration", "lookup_experiment", "validation"}
LIGHTS = {"predictive_checks", "warning_lights"}


@pytest.mark.parametrize(
    ("where", "value", "declared", "downstream"),
    [
        (
            "noise.fraction",
            0.06,
            {"library", *NETWORKS, *STUDIES, "training_speed", "chains", "reference", *COMPARED, "edges"}
            | {"lookup_experiment", "validation", "timing", "compression", "prospector_chain", *LIGHTS},
            {"agreement", "redshifted", *AFTER_FLOW},
        ),
        ("networks.paper.seed", 1, {"flow", "training_speed"}, {*AFTER_FLOW, "comparison", "two_sample"}),
        ("networks.lookup.seed", 1, {"flow_lookup"}, {"lookup_experiment", "validation", "edges"}),
        ("posteriors.seed", 1, {"posteriors"}, {"calibration"}),
        ("warning_lights.seed", 1, {"warning_lights"}, set()),
        ("redshifted.galaxies", 400, {"redshifted"}, {"warning_lights"}),
        ("calibration.bootstrap", 7, {"calibration"}, set()),
    ],
)
def test_changed_parameter_reruns_what_follows_from_it(tree, edited, where, value, declared, downstream):
    edited("params.yaml", with_value(where, value))
    assert changed(tree) == declared
    assert rerun(tree) == declared | downstream


def test_changed_module_reruns_the_stages_that_name_it(tree, edited):
    naming = {name for name, stage in smoke.stages(tree).items() if "src/digs/mcmc.py" in stage["deps"]}
    assert "chains" in naming
    edited("src/digs/mcmc.py", lambda text: text + "\n# changed\n")
    assert changed(tree) == naming
    assert rerun(tree) == naming | COMPARED


def test_comment_in_params_reruns_nothing(tree, edited):
    edited("params.yaml", lambda text: "# a remark\n" + text)
    assert changed(tree) == set()


def test_stages_name_the_modules_that_exist(tree):
    for name, stage in smoke.stages(tree).items():
        files = [file for file in stage["deps"] if not file.startswith("src/data/")]
        assert not [file for file in files if not (paths.ROOT / file).exists()], name
        assert f"src/scripts/{stage['cmd'].split()[1].rsplit('/')[-1]}" in files, name


def test_tiny_budget_fits_params_and_spares_the_simulations():
    """The smoke run's overlay changes nothing that the stages kept from the start depend on, but for `timing`."""
    params = yaml.safe_load(paths.PARAMS.read_text())
    tiny = yaml.safe_load((paths.ROOT / "tools" / "smoke.yaml").read_text())
    assert smoke.overlay(params, tiny) != params
    for stage in smoke.KEPT:
        sections = {name.split(".")[0] for name in smoke.stages(paths.ROOT)[stage]["params"]}
        assert sections & set(tiny) <= {"timing"}


def test_overlay_refuses_a_name_that_params_lacks():
    with pytest.raises(smoke.SmokeError, match="walkres"):
        smoke.overlay({"chains": {"walkers": 8}}, {"chains": {"walkres": 4}})
