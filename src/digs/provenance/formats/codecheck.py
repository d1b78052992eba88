"""codecheck.yml: what a CODECHECK is to reproduce, every figure and table, by the configuration format 1.0.

The format wants a codechecker and the report of the check as well. Nobody has checked this paper yet: both are left to
who does, and the file says so.
"""

from typing import Any

import yaml

from digs.provenance.formats.payload import PAPER, BuiltExhibit
from digs.provenance.formats.project_facts import ProjectFacts, author_name

FILE = "codecheck.yml"
VERSION = "https://codecheck.org.uk/spec/config/1.0/"
UNCHECKED = ("codechecker", "report", "certificate")  # what the check itself adds

_HEAD = """\
---
# What a CODECHECK is to reproduce: every figure and table of the paper, made by the paper's own record.
# Nobody has checked it yet: codechecker and report, which the format requires, and certificate are for who does.
# The paper is not published: it has no reference.
"""


def codecheck(facts: ProjectFacts, exhibits: list[BuiltExhibit]) -> dict[str, Any]:
    """Return the content of codecheck.yml; its files are named relative to it."""
    manifest = {exhibit.file: comment(exhibit) for exhibit in exhibits}
    manifest[PAPER] = "The paper, made by `make paper`; `digs audit --rebuild` compares its figures, tables and numbers"
    return {
        "version": VERSION,
        "paper": {
            "title": facts.paper_title,
            "authors": [{"name": author_name(author)} for author in facts.citation["authors"]],
        },
        "manifest": [{"file": file, "comment": about} for file, about in manifest.items()],
    }


def comment(exhibit: BuiltExhibit) -> str:
    """Return what a figure or table is, what makes it, and the command that rebuilds and compares it."""
    return (
        f"{exhibit.kind} {exhibit.label}, made by {exhibit.script}; "
        f"redrawn and compared by `digs audit {exhibit.word} --rebuild`"
    )


def codecheck_text(facts: ProjectFacts, exhibits: list[BuiltExhibit]) -> str:
    """Return the text of codecheck.yml."""
    return _HEAD + yaml.safe_dump(codecheck(facts, exhibits), sort_keys=False, allow_unicode=True, width=1000)
