"""What stages and figures depend on: the closures of their scripts, as dvc.yaml and showyourwork.yml list them.

The lists are derived, not typed: `digs stages --write` writes them, a test compares. Only the data products among a
stage's or a figure's dependencies are typed, and the run of a stage fails where it reads one that is not listed.
"""

import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from typing_extensions import TypedDict

from digs.base.closures import SourceTree
from digs.files.atomic import write_text
from digs.provenance.documents import names, read_document
from digs.provenance.pipeline import StageFile

if TYPE_CHECKING:
    from ruamel.yaml import YAML

_CODE = ("src/digs/", "src/scripts/")


class FigureFile(TypedDict):
    """showyourwork.yml: the dependencies of every figure's script."""

    dependencies: dict[str, list[str]]


def round_trip() -> "YAML":
    """Return a reader and writer of YAML that leaves comments, quotes and layout as they are."""
    from ruamel.yaml import YAML  # a package that posteriors do without

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def script_of(command: str) -> str:
    """Return the script that a stage's command runs."""
    return command.split()[1]


def code_of(tree: SourceTree, script: str) -> list[str]:
    """Return the files of a script's closure by their places in the checkout, the script first."""
    root = tree.source.parent
    return [file.relative_to(root).as_posix() for file in tree.closure(root / script)]


def _derived(listed: Iterable[str], code: Iterable[str]) -> list[str]:
    """Return the code, then what else is listed."""
    return [*code, *(entry for entry in listed if not names([entry])[0].startswith(_CODE))]


def derived_lists(root: Path) -> dict[str, str]:
    """Return the texts of dvc.yaml and showyourwork.yml with the lists that the sources give.

    Raises:
        DigsError: a script or module is missing, or imports what is not there.
    """
    tree, yaml = SourceTree(root / "src"), round_trip()
    texts = {}
    for name, kind, fill in (
        ("dvc.yaml", StageFile, _fill_stages),
        ("showyourwork.yml", FigureFile, _fill_figures),
    ):
        read_document(root, name, kind)  # says what is wrong with it in a sentence
        content = yaml.load((root / name).read_text(encoding="utf-8"))
        fill(content, tree)
        buffer = io.StringIO()
        yaml.dump(content, buffer)
        texts[name] = buffer.getvalue()
    return texts


def _fill_stages(content: dict, tree: SourceTree) -> None:
    for stage in content["stages"].values():
        stage["deps"] = _derived(stage.get("deps", []), code_of(tree, script_of(stage["cmd"])))


def _fill_figures(content: dict, tree: SourceTree) -> None:
    for script, listed in content["dependencies"].items():
        if script.startswith("src/scripts/"):
            content["dependencies"][script] = _derived(listed, code_of(tree, script)[1:])


def outdated_lists(root: Path) -> dict[str, str]:
    """Return the texts that the sources give, by file, of the files that list something else."""
    texts = derived_lists(root)
    return {name: text for name, text in texts.items() if (root / name).read_text(encoding="utf-8") != text}


def write_lists(root: Path) -> list[str]:
    """Write the lists; return the names of the files that changed."""
    outdated = outdated_lists(root)
    for name, text in outdated.items():
        write_text(root / name, text)
    return list(outdated)
