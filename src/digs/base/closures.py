"""The code that a script runs: its imports inside `digs`, and theirs, read from the sources without running them.

One closure says what a stage depends on (dvc.yaml), what a figure is redrawn for (showyourwork.yml), and which
half-done work may be taken up. Its hash is one of meaning: of the syntax trees without docstrings, as this Python
parses them. A comment or another layout changes nothing, any statement does.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import digs
from digs.base.errors import DigsError

PACKAGE = "digs"
# what records a run sees its numbers only after they are made: it is no part of the code that makes them
RECORDING = "digs.provenance"
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


class SourceTree:
    """The sources of one checkout.

    Args:
        source: the folder in which the package lies.
    """

    def __init__(self, source: Path) -> None:
        self.source = source
        self._trees: dict[Path, ast.Module] = {}
        self._meanings: dict[Path, str] = {}
        self._imports: dict[Path, set[Path]] = {}

    def closure(self, file: Path) -> list[Path]:
        """Return the file and all modules of the package whose code it runs, sorted after it.

        The `__init__` of every package on the way is among them, and so is what functions import when they run.

        Raises:
            DigsError: a file is missing, is not Python, or imports what is not there.
        """
        found, waiting = set(), [file]
        while waiting:
            if (one := waiting.pop()) not in found:
                found.add(one)
                waiting.extend(self.imports(one))
        return [file, *sorted(found - {file})]

    def meaning(self, file: Path) -> str:
        """Return a hash of what a file says to Python: the same whatever its comments, docstrings and layout."""
        if file not in self._meanings:
            self._meanings[file] = hashlib.sha256(meaning_of(self._tree(file)).encode()).hexdigest()
        return self._meanings[file]

    def hash(self, file: Path) -> str:
        """Return a hash of the meaning of the closure of a file, each part by its place in the checkout."""
        parts = [f"{self._place(one)} {self.meaning(one)}" for one in self.closure(file)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]

    def imports(self, file: Path) -> set[Path]:
        """Return the modules of the package that a file itself imports, and the packages that these lie in."""
        if file not in self._imports:
            names = set(self._imported_names(file))
            if file.is_relative_to(self.source / PACKAGE):  # a module runs the packages that it lies in
                names.add(".".join(file.relative_to(self.source).parent.parts))
            packages = {".".join(name.split(".")[:depth]) for name in names for depth in range(1, name.count(".") + 2)}
            self._imports[file] = {self._file(name, file) for name in packages} - {file}
        return self._imports[file]

    def reread(self, file: Path) -> None:
        """Forget what was read of a file, which has changed since."""
        for known in (self._trees, self._meanings, self._imports):
            known.pop(file, None)

    def module(self, name: str) -> Path | None:
        """Return the file of a module or package by its dotted name; None where there is none."""
        path = self.source.joinpath(*name.split("."))
        candidates = (path.with_suffix(".py"), path / "__init__.py")
        return next((each for each in candidates if each.is_file()), None)

    def _imported_names(self, file: Path) -> Iterator[str]:
        for node in ast.walk(self._tree(file)):
            if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(f"{RECORDING}."):
                continue
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names if alias.name.split(".")[0] == PACKAGE)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module.split(".")[0] == PACKAGE:
                inside = {alias.name: f"{node.module}.{alias.name}" for alias in node.names}
                modules = [name for name in inside.values() if self.module(name)]
                yield from [node.module, *modules]
                if len(modules) < len(inside):
                    self._check_names(file, node)
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "iter_modules":
                yield from self._discovered(file, node)

    def _check_names(self, file: Path, node: ast.ImportFrom) -> None:
        """A package hands on names that it imports when they are asked for: which code that is, no closure can tell."""
        home = self.module(node.module)
        if home is None or home.name != "__init__.py":
            return
        defined = {name for statement in self._tree(home).body for name in _defined(statement)}
        for alias in node.names:
            if alias.name not in defined and not self.module(f"{node.module}.{alias.name}"):
                raise DigsError(
                    f"{self._place(file)}, line {node.lineno}, imports {alias.name} from the package {node.module}; "
                    "import it from the module that defines it."
                )

    def _discovered(self, file: Path, node: ast.Call) -> Iterator[str]:
        """The modules of a package that are found by their place: iter_modules(PACKAGE.__path__)."""
        (argument,) = node.args
        if isinstance(argument, ast.Name):  # __path__ of the package itself
            folder = file.parent
        else:
            (name,) = [
                f"{found.module}.{argument.value.id}"
                for found in ast.walk(self._tree(file))
                if isinstance(found, ast.ImportFrom) and argument.value.id in {alias.name for alias in found.names}
            ]
            folder = self.source.joinpath(*name.split("."))
        package = ".".join(folder.relative_to(self.source).parts)
        yield from (f"{package}.{path.stem}" for path in sorted(folder.glob("*.py")) if path.stem != "__init__")

    def _file(self, name: str, importer: Path) -> Path:
        if (path := self.module(name)) is None:
            raise DigsError(f"{self._place(importer)} imports {name}, which is not there; mend the import.")
        return path

    def _place(self, file: Path) -> str:
        root = self.source.parent
        return file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)

    def _tree(self, file: Path) -> ast.Module:
        if file not in self._trees:
            try:
                self._trees[file] = ast.parse(file.read_bytes())
            except OSError:
                raise DigsError(f"{self._place(file)} is missing; restore it with `git checkout`.") from None
            except (SyntaxError, ValueError):
                raise DigsError(
                    f"{self._place(file)} is not Python; mend it, or restore it with `git checkout`."
                ) from None
        return self._trees[file]


def meaning_of(tree: ast.Module) -> str:
    """Return a syntax tree as text, without docstrings, positions and comments."""
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


def _defined(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            yield from (node.id for node in ast.walk(target) if isinstance(node, ast.Name))
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name for alias in statement.names)


@cache
def code_hash(file: str) -> str:
    """Return the hash of all code that a script or module of this checkout runs, by its `__file__`.

    It is taken once: code that is edited while it runs is what was read when it was asked for first.
    """
    return SourceTree(Path(digs.__file__).resolve().parents[1]).hash(Path(file).resolve())
