"""Stages declare the sections of params.yaml that their scripts read, so that a change of one is seen."""

import re

import pytest

from digs.base import paths
from digs.config.everything import stage_sections
from digs.provenance.dependencies import script_of
from digs.provenance.pipeline import Pipeline

STAGES = Pipeline(paths.ROOT).stages
OF_STAGES = {section.__name__: section.section for section in stage_sections()}
OF_THE_MODEL = {"prior": "prior", "spectrum": "spectrum", "noise": "noise", "threads": "threads", "network": "networks"}


def sections_read(script: str) -> set[str]:
    """The sections that a script names: as classes, or as attributes of what load_params returns."""
    found = {section for name, section in OF_STAGES.items() if re.search(rf"\b{name}\b", script)}
    return found | {
        section for name, section in OF_THE_MODEL.items() if re.search(rf"params(?:\([^)]*\))?\.{name}\b", script)
    }


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_declares_what_its_script_reads(name):
    stage = STAGES[name]
    declared = {parameter.partition(".")[0] for parameter in stage.params}
    assert sections_read((paths.ROOT / script_of(stage.command)).read_text()) <= declared


def test_sections_are_seen_in_a_script():
    script = "params = load_params(ChainsSettings)\nprior, x = Prior.over(params.prior), load_params().threads\n"
    assert sections_read(script) == {"chains", "prior", "threads"}
