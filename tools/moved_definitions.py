"""Compare the definitions that stages run now with those of a commit, wherever in the tree they stood.

A definition is a function, a class or a constant at the top of a module or script. It is the same as then where its
syntax tree is: docstrings, comments, annotations and imports aside, and with the names of then for what was renamed.
For each stage this prints how many of the definitions that it runs are the same, and names the others.
"""

import argparse
import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from digs.base import paths
from digs.base.closures import SourceTree, meaning_of
from digs.provenance.dependencies import script_of
from digs.provenance.pipeline import Pipeline
from digs.provenance.vouching import code_at

RENAMED = {  # now: then
    "ResumableParts": "Parts",
    "MafParts": "Parts",
    "ConvergedChains": "Chains",
    "Simulator": "default_simulator",
}


def _then(name: str) -> str:
    """Return what a name was at the commit; that of a stage's settings had no ending."""
    return RENAMED.get(name, name.removesuffix("Settings"))


class _Then(ast.NodeTransformer):
    """Gives names as they were, and takes away what says nothing of what is computed."""

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = _then(node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node


def definitions(file: Path) -> Iterator[tuple[str, str]]:
    """Yield every definition of a module by its name, as text that is the same where its meaning is."""
    for node in ast.parse(file.read_bytes()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            node.name = _then(node.name)
            names = [node.name]
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]
        else:
            continue
        for inner in ast.walk(node):
            if isinstance(inner, ast.FunctionDef):
                inner.returns = None
        text = meaning_of(_Then().visit(ast.Module([node], [])))
        yield from ((name, text) for name in names)


def all_definitions(files: Iterable[Path]) -> dict[str, set[str]]:
    """Return the definitions of some files by name; several may have the same."""
    found: dict[str, set[str]] = {}
    for file in files:
        for name, text in definitions(file):
            found.setdefault(name, set()).add(text)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commit")
    parser.add_argument("stage", nargs="*", help="which ones (default: all)")
    arguments = parser.parse_args()
    pipeline = Pipeline(paths.ROOT)
    with code_at(paths.ROOT, arguments.commit) as folder:
        then = all_definitions(folder.rglob("*.py"))
    sources = SourceTree(paths.ROOT / "src")
    for name in arguments.stage or pipeline.stages:
        now = all_definitions(sources.closure(paths.ROOT / script_of(pipeline.stages[name].command)))
        new = sorted(set(now) - set(then))
        changed = sorted(key for key in now if key in then and not now[key] <= then[key])
        print(f"{name}: {len(now) - len(new) - len(changed)} of {len(now)} definitions are as they were")
        print(f"  changed: {', '.join(changed) or 'none'}")
        print(f"  new: {', '.join(new) or 'none'}")


if __name__ == "__main__":
    main()
