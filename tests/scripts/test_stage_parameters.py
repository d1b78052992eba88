"""Stages declare the sections of params.yaml that their scripts read, so that a change of one is seen."""

import pytest

from digs.base import paths
from digs.provenance.declared_parameters import check_parameters, sections_read
from digs.provenance.pipeline import Pipeline, Stage

STAGES = Pipeline(paths.ROOT).stages


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_declares_what_its_script_reads(name):
    check_parameters(paths.ROOT, STAGES[name])


def test_sections_are_seen_in_a_script():
    script = "params = load_params(ChainsSettings)\nprior, x = Prior.over(params.prior), load_params().threads\n"
    assert sections_read(script) == {"chains", "prior", "threads"}
    assert sections_read("params.network(name), params.noise.fraction") == {"networks", "noise"}


def test_a_section_that_is_left_out_is_named(tmp_path, refused):
    script = tmp_path / "src/scripts/stages/toy.py"
    script.parent.mkdir(parents=True)
    script.write_text("params = load_params(ChainsSettings)\nprint(params.threads)\n")
    command = "python src/scripts/stages/toy.py"
    with refused("Stage toy reads chains of params.yaml", "add it to the stage's params"):
        check_parameters(tmp_path, Stage("toy", command, params=["threads"]))
    check_parameters(tmp_path, Stage("toy", command, params=["threads", "chains.walkers"]))
