"""The faces of packages: public names that are imported when somebody asks for them."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from digs.base.imports import unnoticed


def face(package: str, homes: Mapping[str, str]) -> tuple[list[str], Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__all__`, `__getattr__` and `__dir__` of a package.

    So that nobody waits for what he does not use, and no stage depends on the code of another.

    Args:
        homes: the module, inside the package, of every public name.
    """

    def imported(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module '{package}' has no attribute '{name}'")
        with unnoticed():
            return getattr(import_module(f"{package}.{homes[name]}"), name)

    return sorted(homes), imported, lambda: sorted(homes)
