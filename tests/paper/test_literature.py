"""What the paper cites can be found, and what cites the paper has its title."""

import re

import yaml

from digs.base import paths

TEXT = (paths.ROOT / "src/tex/ms.tex").read_text()
BIBLIOGRAPHY = (paths.ROOT / "src/tex/bib.bib").read_text()


def test_every_entry_is_cited_and_has_an_address():
    """A DOI or an arXiv number."""
    entries = dict(re.findall(r"^@\w+\{(\w+),(.*)$", BIBLIOGRAPHY, re.MULTILINE))
    cited = {
        key.strip() for keys in re.findall(r"\\cite\w*(?:\[[^\]]*\])*\{([^}]*)\}", TEXT) for key in keys.split(",")
    }
    assert cited == set(entries)
    for key, entry in entries.items():
        assert re.search(r"doi = \{10\.|eprint = \{\d{4}\.\d{4,5}\}|arXiv:\d{4}\.\d{4,5}", entry), key


def test_the_title_is_one():
    citation = yaml.safe_load((paths.ROOT / "CITATION.cff").read_text())
    assert re.search(r"\\title\{([^}]*)\}", TEXT)[1] == citation["title"]
