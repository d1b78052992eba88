"""The guide for whoever adds something, docs/extending.md: what it names is there, and what it shows works."""

import re

import pytest
import yaml

from digs.__main__ import parser
from digs.base import paths
from digs.provenance.documents import check_content
from digs.provenance.pipeline import StageEntry

GUIDE = (paths.ROOT / "docs/extending.md").read_text()
CODE = re.findall(r"^  ```python\n(.*?)^  ```", GUIDE, re.DOTALL | re.MULTILINE)
QUOTED = sorted(set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", GUIDE, flags=re.DOTALL))))
PLACES = ("", "src/digs", "src/digs/config/stages", "src/digs/physics", "src/scripts/stages", "src/scripts/figures")
PLACES += ("src/scripts/tables",)
EXAMPLE = re.compile("break|STAGE|Break|BREAK|Your")  # what the reader is to add
FILES = [word for word in QUOTED if re.fullmatch(r"[\w./]+(?:\.(?:py|ya?ml|tex)|/)", word) and not EXAMPLE.search(word)]
NAMES = [word for word in QUOTED if re.fullmatch(r"[A-Z]\w+|fit|amounts|components|domain", word)]


def test_something_is_looked_at():
    assert len(FILES) > 20
    assert len(NAMES) > 8
    assert len(GUIDE.splitlines()) <= 120


@pytest.mark.parametrize("file", FILES)
def test_a_file_is_there(file):
    assert any((paths.ROOT / place / file).exists() for place in PLACES)


def test_names_are_those_of_the_sources():
    files = (file for folder in ("src", "tests", "tools") for file in (paths.ROOT / folder).rglob("*.py"))
    text = "\n".join(file.read_text() for file in [*files, paths.ROOT / "Snakefile"] if file.name != "test_guide.py")
    assert not [name for name in NAMES if not EXAMPLE.search(name) and not re.search(rf"\b{name}\b", text)]


@pytest.mark.parametrize("command", [word for word in QUOTED if word.startswith("digs ")])
def test_a_command_is_one(command):
    wanted = {"digs vouch": ["chains", "--reason", "x", "--evidence", "x"]}.get(command, [])
    parser().parse_args([*command.split()[1:], *wanted])


def test_the_stage_is_an_entry_of_dvc_yaml():
    (entry,) = re.findall(r"^ {7}breaks:\n(?: {9}.*\n)+", GUIDE, re.MULTILINE)
    check_content(yaml.safe_load(entry)["breaks"], "docs/extending.md", StageEntry)


def test_the_instrument_sees_a_galaxy(tracked):
    tracked("populations.h5")
    (code,) = CODE
    found: dict = {}
    exec(re.sub("^  ", "", code, flags=re.MULTILINE), found)
    assert found["flux"].shape == (1, 3680)
