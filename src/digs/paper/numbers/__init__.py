"""The numbers in the text, by subject.

Each module here lists in GROUPS functions that read data products and return {name: text}, for
\\variable{output/NAME.txt} in ms.tex. A new module is found by itself.
"""

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules

from digs.config.params import Params

Numbers = dict[str, str]


def groups() -> dict[str, Callable[[Params], Numbers]]:
    """Return every group of numbers by its name, MODULE.FUNCTION."""
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    return {
        f"{module.__name__.rpartition('.')[2]}.{group.__name__}": group for module in modules for group in module.GROUPS
    }


def all_numbers(params: Params) -> dict[str, Numbers]:
    """Return the numbers of every group.

    Args:
        params: all of params.yaml.

    Raises:
        ValueError: two groups have a number of the same name.
    """
    found = {name: group(params) for name, group in groups().items()}
    names = [number for numbers in found.values() for number in numbers]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"numbers of the text with one name: {sorted(twice)}")
    return found
