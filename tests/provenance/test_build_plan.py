"""What a build does for the data of stages, and when DVC is asked what changed."""

import json
from collections.abc import Callable
from hashlib import md5
from pathlib import Path

import pytest

from digs.provenance import build_plan
from digs.provenance.build_plan import BuildPlan

# first -> second -> third, which reads the folder that `second` writes into
STAGES = {
    "first": {"cmd": "make first", "deps": ["code.py"], "params": ["a.seed", "a.names"], "outs": ["first.h5"]},
    "second": {"cmd": "make second", "deps": ["code.py", "first.h5"], "outs": ["made/second.h5"]},
    "third": {"cmd": "make third", "deps": ["made"], "metrics": [{"third.json": {"cache": False}}], "desc": "the last"},
    "other": {"cmd": "make other", "deps": ["code.py"], "outs": ["other.h5"]},
}
PARAMS = {"a": {"seed": 1e-05, "names": ["yes", "no"]}, "b": 2}


def write_lock(tree: Path) -> None:
    """As if all had run."""
    params = json.loads((tree / "params.yaml").read_text())
    lock = {}
    for name, stage in json.loads((tree / "dvc.yaml").read_text())["stages"].items():
        outs = [next(iter(out)) if isinstance(out, dict) else out for out in stage.get("outs", stage.get("metrics"))]
        lock[name] = {"cmd": stage["cmd"]}
        for key, files in (("deps", [dep for dep in stage["deps"] if dep != "made"]), ("outs", outs)):
            hashes = {file: md5((tree / file).read_bytes()).hexdigest() for file in files}
            lock[name][key] = [
                {"path": file, "hash": "md5", "md5": digest, "size": 4} for file, digest in hashes.items()
            ]
        if "params" in stage:
            lock[name]["params"] = {"params.yaml": {f"a.{key}": value for key, value in params["a"].items()}}
    lock["third"]["deps"] = [{"path": "made", "hash": "md5", "md5": "0.dir", "size": 4, "nfiles": 1}]
    (tree / "dvc.lock").write_text(json.dumps({"schema": "2.0", "stages": lock}))


@pytest.fixture
def tree(tmp_path) -> Path:
    for name in ("code.py", "first.h5", "made/second.h5", "third.json", "other.h5"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"what {name} holds")
    (tmp_path / "params.yaml").write_text(json.dumps(PARAMS))
    (tmp_path / "dvc.yaml").write_text(json.dumps({"stages": STAGES}))
    write_lock(tmp_path)
    return tmp_path


@pytest.fixture
def answers(monkeypatch) -> Callable[[dict], list[list[str]]]:
    """answers({stage: [change, ...]}): what DVC answers; the list of what it was asked."""
    asked = []

    def answer(status: dict) -> list[list[str]]:
        monkeypatch.setattr(build_plan, "dvc_status", lambda tree, stages: asked.append(stages) or status)
        return asked

    return answer


FOLDER = ["third"]  # depends on a folder, which only DVC can judge


def doubtful(tree: Path, answers: Callable) -> list[str]:
    answers({})
    return [name for name in BuildPlan(tree).doubtful if name not in FOLDER]


def test_what_is_as_locked_is_not_asked_about(tree, answers):
    asked = answers({})
    plan = BuildPlan(tree)
    assert asked == [FOLDER]
    assert plan.stale == set()
    assert [len(plan.recipe(name)) for name in STAGES] == [1, 1, 1, 1]
    assert all(plan.recipe(name)[0].startswith(f"dvc pull -q {name} ||") for name in STAGES)


@pytest.mark.parametrize("file", ["first.h5", "made/second.h5", "other.h5"])
def test_absent_data_are_no_doubt(tree, answers, file):
    (tree / file).unlink()
    assert doubtful(tree, answers) == []


def test_a_comment_and_another_section_are_no_doubt(tree, answers):
    (tree / "params.yaml").write_text("# a remark\na: {seed: 0.00001, names: ['yes', no]}\nb: 3\n")
    assert doubtful(tree, answers) == []


def in_json(name: str, *where: str, value: object) -> Callable[[Path], None]:
    def change(tree: Path) -> None:
        content = json.loads((tree / name).read_text())
        inner = content
        for key in where[:-1]:
            inner = inner[key]
        inner[where[-1]] = value
        (tree / name).write_text(json.dumps(content))

    return change


def written(name: str, text: str) -> Callable[[Path], None]:
    return lambda tree: (tree / name).write_text(text) and None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (written("code.py", "other"), {"first", "second", "other"}),
        (lambda tree: (tree / "code.py").unlink(), {"first", "second", "other"}),
        (written("first.h5", "other"), {"first", "second"}),
        (written("other.h5", "other"), {"other"}),
        (in_json("params.yaml", "a", "seed", value=2), {"first"}),
        (in_json("params.yaml", "a", "names", value=["yes", "yes"]), {"first"}),
        (in_json("params.yaml", "a", value={}), {"first"}),
        (in_json("dvc.yaml", "stages", "other", "cmd", value="make more"), {"other"}),
        (in_json("dvc.yaml", "stages", "other", "deps", value=[]), {"other"}),
        (in_json("dvc.yaml", "stages", "other", "params", value=["b"]), {"other"}),
        (in_json("dvc.yaml", "stages", "other", "params", value=[{"more.yaml": ["b"]}]), {"other"}),
        (in_json("dvc.yaml", "stages", "other", "outs", value=["other.h5", "more.h5"]), {"other"}),
        (in_json("dvc.yaml", "stages", "other", "frozen", value=True), {"other"}),
        (in_json("dvc.yaml", "stages", "other", "always_changed", value=True), {"other"}),
        (in_json("dvc.yaml", "stages", "new", value={"cmd": "make", "outs": ["new.h5"]}), {"new"}),
        (in_json("dvc.lock", "stages", "other", "outs", 0, "isexec", value=True), {"other"}),
        (in_json("dvc.lock", "stages", "other", "outs", 0, "hash", value="md5-dos2unix"), {"other"}),
    ],
)
def test_any_other_change_is_for_dvc_to_judge(tree, answers, change, expected):
    change(tree)
    assert set(doubtful(tree, answers)) == expected


def test_what_follows_from_a_changed_stage_is_stale(tree, answers):
    written("code.py", "other")(tree)
    answers({"first": [{"changed deps": {"code.py": "modified"}}]})
    plan = BuildPlan(tree)
    assert plan.stale == {"first", "second", "third"}
    assert plan.lineage("third") == ["first", "second", "third"]
    assert plan.recipe("third") == ["dvc repro --pull third"]


def test_data_that_dvc_misses_have_not_changed(tree, answers):
    changes = [{"changed deps": {"first.h5": "deleted"}}, {"changed outs": {"made/second.h5": "not in cache"}}]
    written("code.py", "other")(tree)
    answers({"second": changes})
    assert BuildPlan(tree).stale == set()
    answers({"second": [*changes, {"changed outs": {"made/second.h5": "modified"}}]})
    assert BuildPlan(tree).stale == {"second", "third"}
    answers({"second": ["changed command"]})
    assert BuildPlan(tree).stale == {"second", "third"}


def test_what_did_not_change_is_fetched_and_what_did_is_run(tree, answers):
    for name in ("first.h5", "made/second.h5"):
        (tree / name).unlink()
    in_json("dvc.yaml", "stages", "second", "cmd", value="make it")(tree)
    answers({"second": ["changed command"]})
    fetch, run = BuildPlan(tree).recipe("third")
    assert fetch.startswith("dvc pull -q first ||")
    assert run == "dvc repro --pull third"


def test_a_pipeline_that_cannot_be_read_is_one_sentence(tree, refused):
    (tree / "dvc.lock").write_text("<<<<<<< a merge\n: [")
    with refused("dvc.lock", "conflict"):
        BuildPlan(tree)


def test_dvc_that_is_absent_or_refuses_is_one_sentence(tree, refused, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with refused("DVC is not installed"):
        BuildPlan(tree)
    (tree / "dvc").write_text("#!/bin/sh\necho 'ERROR: it is locked' >&2; exit 1\n")
    (tree / "dvc").chmod(0o755)
    monkeypatch.setenv("PATH", str(tree))
    with refused("dvc status", "it is locked"):
        BuildPlan(tree)
