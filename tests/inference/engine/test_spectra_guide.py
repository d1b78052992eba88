"""The guide docs/spectra.md: what it shows runs, and its commands are ones."""

import re

import matplotlib

from digs.__main__ import parser
from digs.base import paths

GUIDE = (paths.ROOT / "docs/spectra.md").read_text()


def test_its_examples_run():
    matplotlib.use("Agg")
    found: dict = {}
    for code in re.findall(r"^```python\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE):
        exec(code, found)
    assert found["found"].there.all()
    assert found["mine"].effective[0] >= 100


def test_its_commands_are_ones():
    commands = re.findall(r"^    digs (.*)$", GUIDE, re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        parser().parse_args(command.split())
