"""The tracked record of what every figure shows, every table says and every number in the text is.

One file, src/tex/fingerprints.json, holds for each script what digs.provenance.redraw says of it. Whoever means to
change a figure renews it (`digs renew`), and the change is seen in the commit; who does not is told by `digs audit`.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NotRequired

import numpy as np
from typing_extensions import TypedDict

from digs.base.errors import DigsError
from digs.files.atomic import read_json, write_text
from digs.paper.figure_contents import Entry
from digs.provenance.clean_copy import clean_copy, execute
from digs.provenance.documents import read_document
from digs.provenance.pipeline import Pipeline


def _departure(one: list[float], other: list[float]) -> float:
    """The largest difference of two lists, in units of their largest number."""
    a, b = np.array(one), np.array(other)
    scale = np.abs(a).max(initial=0.0)
    with np.errstate(invalid="ignore"):  # infinity departs from itself by what is no number
        return float(np.abs(a - b).max(initial=0.0) / scale) if scale else float(np.abs(b).max(initial=0.0))


def differences(before: dict[str, Entry], now: dict[str, Entry], tolerance: float) -> list[str]:
    """Return the words, numbers and artists in which two drawings differ; nothing where they agree.

    Args:
        tolerance: of the means, in units of an artist's largest; zero asks for the same bits.
    """
    found = [f"{name} is gone" for name in before if name not in now]
    found += [f"{name} is new" for name in now if name not in before]
    for name in before.keys() & now.keys():
        old, new = before[name], now[name]
        if old.get("text") != new.get("text"):
            found.append(f"{name} says {new.get('text')!r}, not {old.get('text')!r}")
        elif old.get("points") != new.get("points") or len(old.get("means", ())) != len(new.get("means", ())):
            found.append(f"{name} has {new.get('points')} points, not {old.get('points')}")
        elif old.get("md5") != new.get("md5"):
            departure = _departure(old.get("means", []), new.get("means", []))
            if not departure <= tolerance or tolerance == 0:  # what is no number is no agreement
                found.append(f"{name} differs by {departure:.1e} of its largest number")
    return sorted(found)


NUMBERS = "text_numbers"  # the script of the numbers in the text; as numbers.py it would hide a module of Python's own
FILE = Path("src/tex/fingerprints.json")
TOLERANCE = 1e-4  # of drawn numbers, in units of an artist's largest; on one machine they are the same to the bit


class Fingerprint(TypedDict):
    """What is kept of a script: its hash, its data with theirs, and what it shows.

    kernels: of the linear algebra libraries in the process that drew; not kept, as they decide nothing.
    """

    script: str
    data: dict[str, str]
    shown: dict[str, Entry]
    kernels: NotRequired[list[str]]


def script_of(name: str) -> str:
    """Return the file that makes a figure, a table, a group of numbers (MODULE.FUNCTION) or all numbers of the text."""
    if "." in name:
        return f"src/digs/paper/numbers/{name.split('.')[0]}.py"
    folder = {"fig": "figures/", "tab": "tables/"}.get(name.partition("_")[0], "")
    return f"src/scripts/{folder}{name}.py"


def all_scripts(root: Path) -> list[str]:
    """Return the names of all scripts that make something of the paper."""
    found = (
        path.stem for kind in ("figures/fig", "tables/tab") for path in (root / "src/scripts").glob(f"{kind}_*.py")
    )
    return [*sorted(found), NUMBERS]


def scripts_named(root: Path, words: Iterable[str]) -> list[str]:
    """Return the names of the scripts that a user means: `corner`, `fig_corner`, `tab_widths`, `numbers`.

    Raises:
        DigsError: nothing is called that.
    """
    known, found = all_scripts(root), []
    for word in words:
        meant = NUMBERS if word == "numbers" else word
        match = [name for name in (meant, f"fig_{meant}", f"tab_{meant}") if name in known]
        if not match:
            raise DigsError(f"No script makes '{word}'; choose from: {', '.join(known)}.")
        found.append(match[0])
    return found


def of_script(name: str) -> str:
    """Return the name of the script that makes a figure, a table or a group of numbers."""
    return NUMBERS if "." in name else name


def load(root: Path) -> dict[str, Fingerprint]:
    """Return the tracked record: {script or group of numbers: {script, data, shown}}.

    Raises:
        DigsError: it is missing or damaged.
    """
    recorded = read_document(root, str(FILE), dict[str, Fingerprint])
    for name, record in recorded.items():
        for place, entry in record["shown"].items():
            if not name.startswith("fig_") and not isinstance(entry.get("text"), str):
                raise DigsError(f"{FILE} has no text at {name}.shown.{place}; restore it with `git checkout {FILE}`.")
    return recorded


def store(root: Path, record: dict[str, Fingerprint]) -> None:
    """Write the tracked record, an artist a line."""
    parts = []
    for name, entry in sorted(record.items()):
        shown = ",\n".join(f"   {json.dumps(key)}: {json.dumps(value)}" for key, value in entry["shown"].items())
        head = f'  "script": {json.dumps(entry["script"])},\n  "data": {json.dumps(entry["data"])}'
        parts.append(f' {json.dumps(name)}: {{\n{head},\n  "shown": {{\n{shown}\n  }}\n }}')
    write_text(root / FILE, "{\n" + ",\n".join(parts) + "\n}\n")


def redrawn(tree: Path, scripts: Iterable[str]) -> dict[str, Fingerprint]:
    """Return what the scripts of a copy make of its data.

    Raises:
        DigsError: a script failed.
    """
    path = tree / "redrawn.json"
    execute(tree, sys.executable, "-m", "digs.provenance.redraw", str(path), *scripts)
    return read_json(path)


def redraw(pipeline: Pipeline, scripts: Iterable[str], data: Iterable[str]) -> dict[str, Fingerprint]:
    """Return what the scripts make, in a clean copy, of the data that dvc.lock names."""
    with clean_copy(pipeline, data) as tree:
        return redrawn(tree, scripts)


def departures(before: Fingerprint, now: Fingerprint, tolerance: float = TOLERANCE) -> list[str]:
    """Return what differs in two records of one script's work, beyond a tolerance of the numbers drawn."""
    return differences(before["shown"], now["shown"], tolerance)
