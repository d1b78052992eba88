"""All of params.yaml at once: the settings of every stage, found by themselves, and nothing that nobody reads."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from pydantic import ConfigDict

from digs.base import paths
from digs.config import stages
from digs.config.params import Params, checked, model_of, read_sections


class _Strict(Params):
    model_config = ConfigDict(extra="forbid")


def stage_sections() -> tuple[Any, ...]:
    """Return the class of every section of a stage."""
    modules = [import_module(f"{stages.__name__}.{module.name}") for module in iter_modules(stages.__path__)]
    found = [each for module in modules for each in vars(module).values() if hasattr(each, "section")]
    return tuple(sorted(set(found), key=lambda each: each.section))


def load_all_params(path: Path = paths.PARAMS) -> Params:
    """Read and check params.yaml as a whole.

    Raises:
        DigsError: as load_params; or the file has a section that no stage reads.
    """
    return checked(read_sections(path), model_of(stage_sections(), _Strict), path)
