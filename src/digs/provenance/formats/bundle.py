"""One folder with the record in all formats: a Workflow Run RO-Crate that holds codecheck.yml and codemeta.json."""

import json
from pathlib import Path

from digs.provenance.audit import Project
from digs.provenance.formats import codecheck, codemeta
from digs.provenance.formats.payload import built_exhibits
from digs.provenance.formats.project_facts import ProjectFacts
from digs.provenance.formats.ro_crate import write_crate


def write_formats(project: Project, folder: Path) -> None:
    """Write the record in all formats, with the files that they name.

    Args:
        folder: is made; it is complete in itself.

    Raises:
        DigsError: a figure, a table or the paper has not been built, or a document is missing or damaged.
    """
    facts, exhibits = ProjectFacts(project), built_exhibits(project)
    made = {
        codecheck.FILE: codecheck.codecheck_text(facts, exhibits),
        codemeta.FILE: json.dumps(codemeta.codemeta(facts), indent=2, ensure_ascii=False) + "\n",
    }
    write_crate(facts, exhibits, made, folder)
