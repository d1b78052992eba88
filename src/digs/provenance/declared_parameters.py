"""The sections of params.yaml that a stage's script reads: dvc.yaml must list them, else no change of one is seen."""

import re
from pathlib import Path

from digs.base.errors import DigsError
from digs.config.everything import stage_sections
from digs.config.params import Params
from digs.provenance.dependencies import script_of
from digs.provenance.pipeline import Stage

_OF_THE_MODEL = {name: name for name in Params.model_fields} | {"network": "networks", "network_prior": "networks"}


def sections_read(script: str) -> set[str]:
    """Return the sections that the text of a script names: as classes, or as attributes of what load_params returns."""
    found = {each.section for each in stage_sections() if re.search(rf"\b{each.__name__}\b", script)}
    return found | {
        section for name, section in _OF_THE_MODEL.items() if re.search(rf"params(?:\([^)]*\))?\.{name}\b", script)
    }


def check_parameters(root: Path, stage: Stage) -> None:
    """Check that dvc.yaml lists the sections that a stage's script reads.

    Raises:
        DigsError: it does not.
    """
    listed = {name.partition(".")[0] for name in stage.params}
    if unlisted := sorted(sections_read((root / script_of(stage.command)).read_text(encoding="utf-8")) - listed):
        raise DigsError(
            f"Stage {stage.name} reads {', '.join(unlisted)} of params.yaml, which dvc.yaml does not list; add it to "
            "the stage's params."
        )
