"""Run the scripts that make figures, tables and numbers, and say what came out.

`python -m digs.provenance.redraw RECORD SCRIPT ...`, in a clean copy of the tree (digs.provenance.fingerprints). The
record has, for every script, its hash, the data that it read with theirs, and what it drew or wrote. All run in one
process, each as if it were alone there.
"""

import argparse
import gc
import os
import random
import runpy
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import _lru_cache_wrapper
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from digs.base import paths
from digs.base.command import run
from digs.config.everything import load_all_params
from digs.files.atomic import md5, read_json, recording, write_json
from digs.provenance.fingerprints import NUMBERS, script_of
from digs.provenance.records import blas_kernels


def forget_answers() -> None:
    """Clear the caches of all functions of digs."""
    for kept in gc.get_objects():
        if type(kept) is _lru_cache_wrapper and (kept.__module__ or "").partition(".")[0] == "digs":
            kept.cache_clear()


@contextmanager
def alone(script: Path) -> Iterator[None]:
    """Give the block what a script finds in a process of its own, and take away what it leaves there.

    So no script sees the arguments, style, open figures, folder, environment or random numbers of another, or what
    functions of digs keep, whose files it would not be seen to read.
    """
    forget_answers()
    arguments, folder, environment = sys.argv, Path.cwd(), dict(os.environ)
    drawn, numpy_drawn = random.getstate(), np.random.get_state()  # noqa: NPY002
    sys.argv = [str(script)]
    try:
        with plt.rc_context(), np.errstate(), np.printoptions(), warnings.catch_warnings():
            yield
    except Exception as error:
        error.add_note(f"{paths.shown(script)}: {type(error).__name__}: {error}")  # the last line that is said
        raise
    finally:
        plt.close("all")
        random.setstate(drawn)
        np.random.set_state(numpy_drawn)  # noqa: NPY002
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        sys.argv = arguments


def _hashes(files: set[Path]) -> dict[str, str]:
    """Of the data products among the files, by name."""
    return {paths.shown(file): md5(file) for file in sorted(files) if file.is_relative_to(paths.DATA)}


def _exhibit(name: str) -> dict[str, Any]:
    """Run the script of a figure or a table."""
    script = paths.ROOT / script_of(name)
    with alone(script), recording() as files:
        runpy.run_path(str(script), run_name="__main__")
    if name.startswith("fig_"):
        shown = read_json(paths.FIGURES / f"{name.removeprefix('fig_')}.json")
    else:
        rows = (paths.OUTPUT / f"{name}.tex").read_text().splitlines()
        shown = {f"row {place}": {"text": row} for place, row in enumerate(rows)}
    return {"script": md5(script), "data": _hashes(files), "shown": shown}


def _numbers() -> dict[str, dict[str, Any]]:
    """The numbers in the text, a record for each group."""
    from digs.paper.numbers import groups

    found, params = {}, load_all_params()
    for name, group in groups().items():
        script = paths.ROOT / script_of(name)
        with alone(script), recording() as files:
            numbers = group(params)
        shown = {number: {"text": text} for number, text in numbers.items()}
        found[name] = {"script": md5(script), "data": _hashes(files), "shown": shown}
    return found


def redraw(names: list[str]) -> dict[str, dict[str, Any]]:
    """Return what the scripts make of the data in the tree: a record for each, and one for each group of numbers."""
    record = {}
    for name in names:
        record |= _numbers() if name == NUMBERS else {name: _exhibit(name)}
    return record


def main(record: Path, script: list[str]) -> None:
    """Run scripts of figures, tables and numbers, and write down what came out, and by which kernels."""
    drawn = redraw(script)
    kernels = blas_kernels()  # of all libraries that the scripts have loaded
    write_json(record, {name: {**one, "kernels": kernels} for name, one in drawn.items()})


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("record", type=Path, help="the JSON file to write")
    parser.add_argument("script", nargs="+", help="such as fig_corner, tab_widths or text_numbers")


if __name__ == "__main__":
    run(main, _arguments)
