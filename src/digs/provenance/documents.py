"""Tracked JSON and YAML files, read so that whatever a merge or an editor did to them is told in a sentence."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from yaml.constructor import ConstructorError

from digs.base.errors import DigsError

T = TypeVar("T")

_CONFLICT = re.compile(r"^(?:<{7}|={7}|>{7})(?: |$)", re.MULTILINE)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Reads as DVC does, by YAML 1.2: 1e-05 is a number, and yes, no, on and off are words. No key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        known = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in known:
                raise ConstructorError(None, None, f"'{key.value}' stands twice", key.start_mark)
            known.add(key.value)
        return super().construct_mapping(node, deep)


_BOOL = "tag:yaml.org,2002:bool"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag != _BOOL]
    for first, known in _Loader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOL, re.compile(r"(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
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


def _parsed(root: Path, name: str) -> Any:
    """What a JSON or YAML file of a checkout holds, whatever that is, but for nothing."""
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
    return content


def read_document(root: Path, name: str, kind: type[T]) -> T:
    """Return what a JSON or YAML file of a checkout holds.

    Args:
        kind: what it is to hold, such as dict[str, Any] or a TypedDict; more keys than these may be there.

    Raises:
        DigsError: it is missing, was left unmerged, is not JSON or YAML, or does not hold that.
    """
    content = _parsed(root, name)
    check_content(content, name, kind)
    return content


def check_content(content: Any, name: str, kind: type) -> None:
    """Check that what a file holds is of a kind, as read_document does.

    Raises:
        DigsError: it is not.
    """
    from pydantic import ValidationError  # a build of the paper reads without it (digs.provenance.build_plan)

    try:
        _checker(kind).validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "its top"
        raise DigsError(
            f"{name} is wrong at {where} ({_lower(first['msg'])}); mend it, or restore it with `git checkout {name}`."
        ) from None


def read_yaml(path: Path) -> dict[str, Any]:
    """Return what a YAML file holds, which is to be a mapping.

    Raises:
        DigsError: there is no such file, or it is no YAML mapping.
    """
    content = _parsed(path.parent, path.name)
    if not isinstance(content, dict):
        raise DigsError(f"{path.name} does not hold a mapping; restore it with `git checkout {path.name}`.")
    return content


def names(entries: Iterable[Any]) -> list[str]:
    """Return the files of a list of dvc.yaml, where an entry with options is a mapping from its name."""
    return [entry if isinstance(entry, str) else next(iter(entry)) for entry in entries]


def outputs(entry: Mapping[str, Any]) -> list[str]:
    """Return the files that a stage of dvc.yaml makes."""
    return [out for kind in ("outs", "metrics", "plots") for out in names(entry.get(kind, []))]


def value_at(params: Any, name: str) -> Any:
    """Return the value of a nested mapping at `section.name`; None where there is none."""
    for part in name.split("."):
        params = params.get(part) if isinstance(params, dict) else None
    return params


@cache
def _checker(kind: type) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


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


def leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the values of a nested mapping by their dotted names; a list is one value.

    Example:
        >>> list(leaves("prior", {"tage": [0.01, 4.0], "more": {"seed": 3}}))
        [('prior.tage', [0.01, 4.0]), ('prior.more.seed', 3)]
    """
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from leaves(f"{name}.{key}", one)
    else:
        yield name, value
