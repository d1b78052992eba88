"""Notebooks are run as Jupyter runs them."""

import base64
import importlib.util
import json
import sys

import pytest

from digs.base import paths

spec = importlib.util.spec_from_file_location("notebook", paths.ROOT / "tools" / "notebook.py")
notebook = importlib.util.module_from_spec(spec)
spec.loader.exec_module(notebook)


def of_cells(*sources: str) -> dict:
    cells = [{"cell_type": "code", "source": source.splitlines(keepends=True)} for source in sources]
    return {"cells": [{"cell_type": "markdown", "source": ["print(1)"]}, *cells]}


def test_a_cell_shows_what_it_prints_and_its_last_value():
    first, second, third = notebook.run_cells(of_cells("%matplotlib inline\nx = 2", "print('a\\nb')\nx + 1", "None"))
    assert (first, third) == ([], [])
    printed, value = second
    assert printed["text"] == ["a\n", "b\n"]
    assert value["data"] == {"text/plain": ["3"]}
    assert value["execution_count"] == 2


def test_a_figure_is_a_picture():
    code = "from matplotlib.figure import Figure\nFigure(figsize=(1, 1))"
    (((shown,),), ((again,),)) = notebook.run_cells(of_cells(code)), notebook.run_cells(of_cells(code))
    assert base64.b64decode(shown["data"]["image/png"]).startswith(b"\x89PNG")
    assert shown == again


def test_outputs_are_kept_only_if_all_cells_run(tmp_path, monkeypatch):
    path = tmp_path / "x.ipynb"
    monkeypatch.setattr(sys, "argv", ["notebook.py", str(path)])
    path.write_text(json.dumps(of_cells("x = 1", "x")))
    notebook.main()
    kept = path.read_text()
    assert [len(cell.get("outputs", [])) for cell in json.loads(kept)["cells"]] == [0, 0, 1]
    path.write_text(broken := json.dumps(of_cells("x = 1", "x", "x / 0")))
    with pytest.raises(ZeroDivisionError):
        notebook.main()
    assert path.read_text() == broken
