"""What a run of a stage records, on a toy of a pipeline."""

import subprocess
from pathlib import Path

import pytest
from conftest import PATIENCE, edit

from digs.files.atomic import md5
from digs.files.product import write_product
from digs.files.schemas.calibration_schema import CALIBRATION
from digs.provenance.pipeline import Pipeline
from digs.provenance.product_settings import contradictions
from digs.provenance.records import closure_hash, record_file, recorded, run_record
from digs.provenance.vouching import last_hashes

TOY = {
    "dvc.yaml": """
stages:
  toy:
    cmd: python src/scripts/stages/toy.py
    deps: [src/scripts/stages/toy.py, src/data/input.json]
    params: [size]
    outs: [src/data/output.json]
""",
    "dvc.lock": "schema: '2.0'\nstages: {}\n",
    "params.yaml": "size: 3\n",
    "src/scripts/stages/toy.py": "print(1)\n",
    "src/data/input.json": '{"a": 1}\n',
    "src/data/other.json": '{"b": 1}\n',
    "src/digs/__init__.py": "",
}


@pytest.fixture
def toy(tmp_path) -> Path:
    for name, text in TOY.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_run_writes_what_ran_and_what_came_out(toy):
    stage = Pipeline(toy).stages["toy"]
    with recorded(stage, toy):
        (toy / "src/data/output.json").write_text("{}")
    record = run_record(toy, "toy")
    assert record.command == "python src/scripts/stages/toy.py"
    assert record.parameters == {"size": 3}
    assert record.inputs == {"src/data/input.json": md5(toy / "src/data/input.json")}
    assert record.outputs == {"src/data/output.json": md5(toy / "src/data/output.json")}
    assert record.code == closure_hash(toy, stage)
    assert {"date", "wall_seconds", "cpu_seconds", "commit", "tree", "machine", "blas", "versions"} <= set(
        record.circumstances
    )


def test_code_that_changes_while_it_runs_is_recorded_as_it_was(toy):
    stage = Pipeline(toy).stages["toy"]
    before = closure_hash(toy, stage)
    with recorded(stage, toy):
        (toy / "src/data/output.json").write_text("{}")
        (toy / stage.deps[0]).write_text("print(2)\n")
    assert run_record(toy, "toy").code == before != closure_hash(toy, stage)


def test_a_run_that_fails_or_makes_nothing_leaves_no_record(toy, refused):
    stage = Pipeline(toy).stages["toy"]
    with pytest.raises(ZeroDivisionError), recorded(stage, toy):
        raise ZeroDivisionError
    with refused("output.json is missing"), recorded(stage, toy):
        pass
    assert not record_file(toy, "toy").exists()


def test_data_that_a_stage_reads_and_does_not_list_are_named(toy, refused):
    with (
        refused("Stage toy has read src/data/other.json", "add it to its deps"),
        recorded(Pipeline(toy).stages["toy"], toy),
    ):
        md5(toy / "src/data/other.json")
        (toy / "src/data/output.json").write_text("{}")
    assert not record_file(toy, "toy").exists()


def test_a_seed_that_a_product_names_is_compared(toy):
    write_product_of_seed(toy / "src/data/output.h5", 5)
    edit(toy / "dvc.yaml", "output.json", "output.h5")
    edit(toy / "dvc.yaml", "params: [size]", "params: [toy]")
    (toy / "params.yaml").write_text("toy: {seed: 6}\n")
    digest = md5(toy / "src/data/output.h5")
    (toy / "dvc.lock").write_text(
        f"stages:\n  toy:\n    cmd: x\n    outs:\n    - path: src/data/output.h5\n      md5: {digest}\n      size: 1\n"
    )
    pipeline = Pipeline(toy)
    assert contradictions(pipeline, pipeline.stages["toy"]) == [
        "src/data/output.h5 was made with toy.seed = 5, params.yaml has 6"
    ]


def write_product_of_seed(path: Path, seed: int) -> None:
    import numpy as np

    shapes = {"rank_counts": (5, 2), "count_band": (2,), "level": (3,), "rank_cdf": (5, 3), "cdf_band": (2, 3)}
    shapes |= {"coverage": (5, 3), "coverage_band": (2, 5, 3)}
    write_product(path, CALIBRATION, {name: np.ones(shape) for name, shape in shapes.items()}, seed=seed)


def git(tree: Path, *arguments: str) -> None:
    author = ("-c", "user.name=toy", "-c", "user.email=toy@localhost", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *author, *arguments], cwd=tree, check=True, capture_output=True, timeout=PATIENCE)


def test_history_tells_the_code_that_made_a_product(toy, refused):
    """The commit that wrote the stage's entry in dvc.lock counts, not one that changed another's."""
    script = toy / "src/scripts/stages/toy.py"
    entry = "schema: '2.0'\nstages:\n  toy:\n    cmd: x\n"
    hashes = []
    git(toy, "init", "-q")
    for text, lock in (("print(1)\n", entry), ("print(2)\n", entry + "  other:\n    cmd: y\n")):
        script.write_text(text)
        (toy / "dvc.lock").write_text(lock)
        git(toy, "add", "-A")
        git(toy, "commit", "-q", "-m", "a run")
        hashes.append(closure_hash(toy, Pipeline(toy).stages["toy"]))
    assert last_hashes(toy, ["toy"]) == {"toy": hashes[0]} != {"toy": hashes[1]}
    with refused("git knows no commit that wrote no_such_stage into dvc.lock"):
        last_hashes(toy, ["no_such_stage"])
