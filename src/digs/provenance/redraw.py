"""Run the scripts that make figures, tables and numbers, and say what came out.

`python -m digs.redraw RECORD SCRIPT ...`, in a clean copy of the tree (digs.fingerprints). The record has, for every
script, its hash, the data that it read with theirs, and what it drew or wrote.
"""

import argparse
import runpy
import sys
from pathlib import Path
from typing import Any

from digs.base import paths
from digs.base.command import run
from digs.config.everything import load_all_params
from digs.files.atomic import md5, read_json, recording, write_json
from digs.provenance.fingerprints import NUMBERS

SCRIPTS = paths.ROOT / "src" / "scripts"


def _hashes(files: set[Path]) -> dict[str, str]:
    """Of the data products among the files, by name."""
    return {paths.shown(file): md5(file) for file in sorted(files) if file.is_relative_to(paths.DATA)}


def _exhibit(name: str) -> dict[str, Any]:
    """Run the script of a figure or a table."""
    sys.argv = [f"{name}.py"]
    with recording() as files:
        runpy.run_path(str(SCRIPTS / f"{name}.py"), run_name="__main__")
    if name.startswith("fig_"):
        shown = read_json(paths.FIGURES / f"{name.removeprefix('fig_')}.json")
    else:
        rows = (paths.OUTPUT / f"{name}.tex").read_text().splitlines()
        shown = {f"row {place}": {"text": row} for place, row in enumerate(rows)}
    return {"script": md5(SCRIPTS / f"{name}.py"), "data": _hashes(files), "shown": shown}


def _numbers() -> dict[str, dict[str, Any]]:
    """The numbers in the text, a record for each group."""
    from digs.paper.numbers import groups

    found, params = {}, load_all_params()
    for name, group in groups().items():
        script = paths.ROOT / "src" / "digs" / "numbers" / f"{name.split('.')[0]}.py"
        with recording() as files:
            numbers = group(params)
        shown = {number: {"text": text} for number, text in numbers.items()}
        found[name] = {"script": md5(script), "data": _hashes(files), "shown": shown}
    return found


def redraw(names: list[str]) -> dict[str, dict[str, Any]]:
    """What the scripts make of the data in the tree: a record for each, and one for each group of numbers."""
    record = {}
    for name in names:
        record |= _numbers() if name == NUMBERS else {name: _exhibit(name)}
    return record


def main(record: Path, script: list[str]) -> None:
    """Run scripts of figures, tables and numbers, and write down what came out."""
    write_json(record, redraw(script))


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("record", type=Path, help="the JSON file to write")
    parser.add_argument("script", nargs="+", help="such as fig_corner, tab_widths or variables")


if __name__ == "__main__":
    run(main, _arguments)
