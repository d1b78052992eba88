"""The walls of the house: who may import whom, how large a module may be, and that nothing stands in two places."""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from digs.base import closures, paths
from digs.base.closures import SourceTree

SOURCE = paths.ROOT / "src"
PACKAGE, SCRIPTS = SOURCE / "digs", SOURCE / "scripts"
ROOMS = (  # each may import from those above it
    "base",
    "config",
    "files",
    "physics",
    "sps",
    "flows",
    "training",
    "exact",
    "diagnostics",
    "observations",
    "inference",
    "paper",
    "provenance",
)
ATTIC = {"paper", "provenance"}  # one room by themselves, with a door for scripts and the command only
CELLAR = "sps"  # FSPS and Prospector, with a door for stages only
OUTSIDE = {"__init__", "__main__", "check"}  # what stands in no room, and may use all
HOMONYMS = {"Spectrum"}  # a user's, as `digs.Spectrum`, and the section of params.yaml that has the paper's pixels
FEW = 4  # more modules that may stand in no room
MODULE_LINES, STAGE_LINES = 400, 120
CLONE_LINES = 10
READS_PARAMS = {"load_params", "load_all_params", "read_sections"}
MAY_READ_PARAMS = {"config", "provenance", "__main__"}

MODULES, ALL_SCRIPTS = sorted(PACKAGE.rglob("*.py")), sorted(SCRIPTS.rglob("*.py"))


def place(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def room(module: Path) -> str:
    """The room that a module stands in, or its own name where it stands in none."""
    first = module.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


@pytest.fixture(scope="module")
def imports() -> dict[Path, set[Path]]:
    """What every file of the sources imports, in functions too; packages that are only on the way are left out."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(closures, "RECORDING", "nothing")  # here all imports count
        tree = SourceTree(SOURCE)
        found = {file: tree.imports(file) for file in (*MODULES, *ALL_SCRIPTS)}
    on_the_way = lambda init, file: any(other.is_relative_to(init.parent) for other in (found[file] | {file}) - {init})
    return {
        file: {one for one in ours if one.name != "__init__.py" or not on_the_way(one, file)}
        for file, ours in found.items()
    }


# who may import whom


def may_import(importer: str, imported: str) -> bool:
    """Whether a module of one room may import from another."""
    if importer == imported or importer in OUTSIDE or {importer, imported} == ATTIC:
        return True
    if imported in {CELLAR, *ATTIC} or importer not in ROOMS or imported not in ROOMS:
        return False
    return ROOMS.index(imported) < ROOMS.index(importer)


@pytest.mark.parametrize(
    ("importer", "imported", "may"),
    [
        ("flows", "physics", True),
        ("physics", "flows", False),
        ("inference", "exact", True),
        ("sps", "physics", True),
        ("training", "sps", False),
        ("inference", "paper", False),
        ("paper", "provenance", True),
        ("provenance", "paper", True),
        ("paper", "diagnostics", True),
        ("provenance", "sps", False),
        ("__main__", "provenance", True),
    ],
)
def test_the_plan_of_the_house(importer, imported, may):
    assert may_import(importer, imported) == may


def test_rooms_import_from_rooms_above(imports):
    through_walls = [
        f"{place(module)} imports {place(one)}"
        for module in MODULES
        for one in sorted(imports[module])
        if not may_import(room(module), room(one))
    ]
    assert not through_walls


def test_only_stages_run_fsps(imports):
    others = [script for script in ALL_SCRIPTS if not script.is_relative_to(SCRIPTS / "stages")]
    assert not [place(script) for script in others if any(room(one) == CELLAR for one in imports[script])]


def test_no_two_modules_import_each_other_in_a_circle(imports):
    try:
        TopologicalSorter({module: imports[module] for module in MODULES}).prepare()
    except CycleError as error:
        pytest.fail("a circle of imports: " + " <- ".join(place(module) for module in error.args[1]))


def test_imports_name_their_module_in_full():
    """Closures follow no relative imports."""
    relative = [
        f"{place(file)}, line {node.lineno}"
        for file in (*MODULES, *ALL_SCRIPTS)
        for node in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert not relative


# sizes and names


def test_modules_stand_in_rooms():
    assert {room(module) for module in MODULES if module.parent != PACKAGE} <= set(ROOMS)
    assert {module.stem for module in PACKAGE.glob("*.py")} >= OUTSIDE
    assert len(list(PACKAGE.glob("*.py"))) <= len(OUTSIDE) + FEW


def too_long(files: list[Path], limit: int) -> list[str]:
    lengths = {file: len(file.read_text().splitlines()) for file in files}
    return [f"{place(file)}: {length} lines" for file, length in lengths.items() if length > limit]


def test_no_module_is_long():
    assert not too_long(MODULES, MODULE_LINES)


def test_no_stage_is_long():
    assert not too_long(sorted((SCRIPTS / "stages").glob("*.py")), STAGE_LINES)


def twice(names: Iterator[str]) -> list[str]:
    return sorted(name for name, times in Counter(names).items() if times > 1)


def test_no_two_modules_share_a_name():
    assert not twice(module.stem for module in MODULES if module.stem != "__init__")


def test_no_two_classes_share_a_name():
    trees = [ast.parse(module.read_bytes()) for module in MODULES]
    names = (node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    assert set(twice(names)) == HOMONYMS


def test_no_two_stages_share_a_name():
    """YAML would take the last of them without a word."""
    sections = {key.value: value for key, value in yaml.compose((paths.ROOT / "dvc.yaml").read_text()).value}
    assert sections["stages"].value
    assert not twice(key.value for key, _ in sections["stages"].value)


# nothing twice


def statements(file: Path) -> list[tuple[int, str]]:
    """Number and text of the lines of a file, but for imports, comments, blank lines and indentation."""
    text = file.read_text()
    imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]
    aside = {line for node in imports for line in range(node.lineno, node.end_lineno + 1)}
    lines = ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if number not in aside)
    return [(number, line) for number, line in lines if line and not line.startswith("#")]


def clones(files: list[Path], least: int) -> list[str]:
    """Runs of so many lines that stand twice, as 'FILE:LINE = FILE:LINE'; a longer run is told once."""
    seen: dict[tuple[str, ...], list[tuple[Path, int]]] = defaultdict(list)
    lines = {file: statements(file) for file in files}
    for file, found in lines.items():
        for first in range(len(found) - least + 1):
            seen[tuple(line for _, line in found[first : first + least])].append((file, first))
    pairs = {pair for places in seen.values() for pair in pairwise(places)}
    starts = sorted(((a, i), (b, j)) for (a, i), (b, j) in pairs if ((a, i - 1), (b, j - 1)) not in pairs)
    return [" = ".join(f"{file}:{lines[file][first][0]}" for file, first in pair) for pair in starts]


def test_clones_are_found(tmp_path):
    body = [f"x{number} = {number}" for number in range(12)]
    one, two, three = (tmp_path / f"{name}.py" for name in ("one", "two", "three"))
    one.write_text("\n".join(["import os", "y = 1", *body]))
    two.write_text("\n".join(["def f():", *(f"    {line}\n\n    # {line}" for line in body), "    z = 1"]))
    three.write_text("\n".join([*body[:9], "import sys", "different = 1", *body[9:]]))
    assert clones([one, two, three], 10) == [f"{one}:3 = {two}:2"]
    assert len(clones([one, two, three], 9)) == 2
    assert clones([one, three], 10) == []


def test_nothing_of_ten_lines_stands_twice():
    assert not [clone.replace(f"{SOURCE}/", "") for clone in clones([*MODULES, *ALL_SCRIPTS], CLONE_LINES)]


# settings are arguments


def test_the_library_reads_no_params_yaml():
    calls = [
        f"{place(module)}, line {node.lineno}"
        for module in MODULES
        if room(module) not in MAY_READ_PARAMS
        for node in ast.walk(ast.parse(module.read_bytes()))
        if isinstance(node, ast.Call)
        and (node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")) in READS_PARAMS
    ]
    assert not calls
