"""Tracked JSON and YAML files, read so that whatever a merge or an editor did to them is told in a sentence."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError
from yaml.constructor import ConstructorError

from digs.base.errors import DigsError

T = TypeVar("T")

_CONFLICT = re.compile(r"^(?:<{7}|={7}|>{7})(?: |$)", re.MULTILINE)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """With the numbers of YAML 1.2, which DVC writes: 1e-05 is one, and no word as in YAML 1.1. No key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        known = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in known:
                raise ConstructorError(None, None, f"'{key.value}' stands twice", key.start_mark)
            known.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"[-+]?\d+[eE][-+]?\d+$"), list("-+0123456789"))


def read_text(root: Path, name: str) -> str:
    """Return a text file of a checkout.

    Raises:
        DigsError: it is missing, or is no UTF-8 text.
    """
    try:
        return (root / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DigsError(f"{name} is missing in {root}; restore it with `git checkout {name}`.") from None
    except OSError as error:
        raise DigsError(f"{name} in {root} cannot be read ({error.strerror}); mend that.") from None
    except UnicodeDecodeError:
        raise DigsError(f"{name} is no UTF-8 text; restore it with `git checkout {name}`.") from None


def read_document(root: Path, name: str, kind: type[T]) -> T:
    """Return what a JSON or YAML file of a checkout holds.

    Args:
        kind: what it is to hold, such as dict[str, Any] or a TypedDict; more keys than these may be there.

    Raises:
        DigsError: it is missing, was left unmerged, is not JSON or YAML, or does not hold that.
    """
    text, form = read_text(root, name), "JSON" if name.endswith(".json") else "YAML"
    if not text.strip():
        raise DigsError(f"{name} is empty; restore it with `git checkout {name}`.")
    try:
        content = json.loads(text, object_pairs_hook=_each_once) if form == "JSON" else yaml.load(text, _Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if conflict := _CONFLICT.search(text):
            line = text.count("\n", 0, conflict.start()) + 1
            raise DigsError(f"{name} has a conflict that git could not merge, in line {line}; resolve it.") from None
        raise DigsError(f"{name} is not {form} ({_mistake(error)}); restore it with `git checkout {name}`.") from None
    try:
        _checker(kind).validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "its top"
        raise DigsError(
            f"{name} is wrong at {where} ({_lower(first['msg'])}); mend it, or restore it with `git checkout {name}`."
        ) from None
    return content


def read_yaml(path: Path) -> dict[str, Any]:
    """Return what a YAML file holds, which is to be a mapping.

    Raises:
        DigsError: there is no such file, or it is no YAML mapping.
    """
    return read_document(path.parent, path.name, dict[str, Any])


_checker = cache(TypeAdapter)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"'{next(key for key in keys if keys.count(key) > 1)}' stands twice")
    return content


def _mistake(error: Exception) -> str:
    if mark := getattr(error, "problem_mark", None):
        return f"line {mark.line + 1}: {_lower(error.problem)}"
    return _lower(str(error).splitlines()[0])


def _lower(text: str) -> str:
    return " ".join(f"{text[:1].lower()}{text[1:]}".rstrip(".").split())
