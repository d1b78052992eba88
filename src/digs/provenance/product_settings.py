"""What data products say of the settings that they were made with, against params.yaml.

Where dvc.lock was written without a run it names today's parameters; the product names those that it was made with.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import h5py

from digs.base.errors import DigsError
from digs.provenance.pipeline import Pipeline, Stage, value_at


def differing(wanted: Any, said: Any, where: str) -> Iterator[str]:
    """Yield where a product says something else than params.yaml; of sections only what both have."""
    if isinstance(wanted, Mapping) and isinstance(said, Mapping):
        for key in wanted.keys() & said.keys():
            yield from differing(wanted[key], said[key], f"{where}.{key}")
    elif _is_plain(wanted) and _is_plain(said) and wanted != said:
        yield f"{where} = {json.dumps(said)}, params.yaml has {json.dumps(wanted)}"


def _is_plain(value: Any) -> bool:
    """Whether it is a setting, not a measurement that bears the name of one."""
    return not any(isinstance(each, Mapping | list) for each in (value if isinstance(value, list) else [value]))


def own_sections(stage: Stage) -> list[str]:
    """Return the parameters that are a stage's own: of its name, or of the network that it trains."""
    network = stage.name.partition("_")[2] or "paper"
    own = (stage.name, f"networks.{network}") if stage.name.startswith("flow") else (stage.name,)
    return [name for name in stage.params if name in own]


def statements(path: Path, out: str, stage: Stage) -> dict[str, Any]:
    """Return what a product says of parameters, by their names in params.yaml.

    Args:
        path: where the product is kept.
        out: its name.

    Raises:
        DigsError: the file is damaged.
    """
    try:
        if out.endswith(".json"):
            content = json.loads(path.read_text(encoding="utf-8"))
            settings = content.get("training", {}).get("settings", content)
            return dict.fromkeys(own_sections(stage), settings)
        with h5py.File(path) as file:
            attributes = dict(file.attrs)
        found = json.loads(attributes.get("parameters", "{}"))
        return found | {f"{name}.seed": int(attributes["seed"]) for name in own_sections(stage) if "seed" in attributes}
    except (OSError, ValueError, AttributeError):
        raise DigsError(f"{out} is damaged; fetch it again with `dvc checkout` or `dvc pull`.") from None


def contradictions(pipeline: Pipeline, stage: Stage) -> list[str]:
    """Return where the outputs of a stage say that they were made with other settings than params.yaml has.

    Attributes of an HDF5 file are asked before a JSON file, where numbers may bear the names of settings.
    """
    kept = {out: pipeline.stored(out) for out in sorted(stage.outs, key=lambda out: Path(out).suffix)}
    found, asked = [], False
    for out, path in kept.items():
        if path is None or Path(out).suffix not in (".h5", ".json") or (asked and out.endswith(".json")):
            continue
        said = statements(path, out, stage)
        asked = asked or any("." not in name for name in said)
        for name, value in said.items():
            found += [f"{out} was made with {each}" for each in differing(value_at(pipeline.params, name), value, name)]
    return sorted(found)
