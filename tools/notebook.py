"""Run the cells of a notebook, and keep what they show in it: `python tools/notebook.py docs/first_galaxy.ipynb`.

It does what Jupyter does, for notebooks as simple as ours, without the packages that Jupyter takes.
"""

import argparse
import ast
import base64
import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from digs.files.atomic import replacing

DPI = 72  # of figures, as of Jupyter


def run_cells(notebook: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """Return what each code cell shows, as notebooks keep it: printed text, then the value of a last expression."""
    matplotlib.use("Agg")
    names: dict[str, Any] = {"__name__": "__main__"}
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return [_run("".join(cell["source"]), names, number) for number, cell in enumerate(code, 1)]


def _run(source: str, names: dict[str, Any], number: int) -> list[dict[str, Any]]:
    lines = ("" if line.startswith("%") else line for line in source.split("\n"))  # Jupyter's own commands
    body = ast.parse("\n".join(lines)).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    said, value = io.StringIO(), None
    with redirect_stdout(said):
        exec(compile(ast.Module(body, []), f"cell {number}", "exec"), names)
        if last:
            value = eval(compile(ast.Expression(last.value), f"cell {number}", "eval"), names)
    shown = [{"output_type": "stream", "name": "stdout", "text": _lines(said.getvalue())}] if said.getvalue() else []
    if value is not None:
        shown.append({"output_type": "execute_result", "execution_count": number, "metadata": {}, "data": _data(value)})
    return shown


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _data(value: Any) -> dict[str, Any]:
    """A value by media type."""
    if not isinstance(value, Figure):
        return {"text/plain": _lines(repr(value))}
    picture = io.BytesIO()
    value.savefig(picture, format="png", dpi=DPI, bbox_inches="tight", metadata={"Software": None})
    return {"image/png": base64.b64encode(picture.getvalue()).decode() + "\n", "text/plain": ["<Figure>"]}


def main() -> None:
    """Run a notebook, and write what its cells show into it."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("notebook", type=Path)
    path = arguments.parse_args().notebook
    notebook = json.loads(path.read_text())
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for number, (cell, shown) in enumerate(zip(code, run_cells(notebook), strict=True), 1):
        cell["execution_count"], cell["outputs"] = number, shown
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
