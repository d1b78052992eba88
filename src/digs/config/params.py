"""params.yaml, read and checked: the settings of the model and of the stages that are asked for.

A stage asks for its own settings alone, so that its code is that of these, and a new stage changes no other.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ConfigDict, PositiveInt, ValidationError, create_model

from digs.base import paths
from digs.base.errors import DigsError
from digs.config.model import NebularGas, Network, Noise, PriorRanges, Section, Spectrum


class Params(Section):
    """The settings of the model, and those of the stages that were asked for, by the names of their sections."""

    model_config = ConfigDict(extra="ignore")

    prior: PriorRanges
    spectrum: Spectrum
    gas: NebularGas
    noise: Noise
    networks: dict[str, Network]
    threads: PositiveInt

    def network_prior(self, name: str) -> PriorRanges:
        """Return the prior that a network is trained on."""
        return self.network(name).prior or self.prior

    def network(self, name: str) -> Network:
        """Return the settings of a network.

        Raises:
            DigsError: params.yaml has none of that name.
        """
        if name not in self.networks:
            raise DigsError(f"No network is named '{name}' in params.yaml; choose from: {', '.join(self.networks)}.")
        return self.networks[name]


def load_params(*stages: Any, path: Path = paths.PARAMS) -> Params:
    """Read and check params.yaml.

    Args:
        stages: the sections of stages that are wanted beside those of the model: classes of digs.config.stages. What
            else the file holds is not looked at.
        path: the file; by default that of the checkout.
    Returns:
        the settings, as attributes by the names of their sections.
    Raises:
        DigsError: the file is missing, is not YAML, or a value is missing, unknown or out of range.

    Example:
        >>> from digs.config import load_params
        >>> from digs.config.stages.chains_settings import ChainsSettings
        >>> params = load_params(ChainsSettings)
        >>> params.noise.fraction
        0.05
        >>> params.chains.walkers
        128
    """
    return checked(read_sections(path), model_of(stages, Params), path)


def model_of(stages: tuple[Any, ...], base: type[Params]) -> type[Params]:
    """Return `base` with a field for the section of each stage."""
    fields: dict[str, Any] = {stage.section: (stage, ...) for stage in stages}
    return create_model("Params", __base__=base, **fields)


@cache
def read_sections(path: Path) -> dict[str, Any]:
    """Return the sections of a params.yaml as they stand.

    Raises:
        DigsError: the file is missing, or is not YAML that holds sections.
    """
    name = paths.shown(path)
    try:
        text = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DigsError(f"{name} is missing; restore it with `git checkout params.yaml`.") from None
    except OSError as error:
        raise DigsError(f"{name} cannot be read ({error.strerror}); mend that.") from None
    except UnicodeDecodeError:
        raise DigsError(f"{name} is not YAML: it is no UTF-8 text.") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"see its line {mark.line + 1}" if mark else str(error).partition("\n")[0]
        raise DigsError(f"{name} is not YAML: {where}.") from None
    if not isinstance(text, dict):
        raise DigsError(f"{name} holds no sections; restore it with `git checkout params.yaml`.")
    return text


def checked(sections: Mapping[str, Any], model: type[Params], path: Path) -> Params:
    """Return the settings that sections hold; those of a stage must fit the others (`fit` of a section)."""
    name = paths.shown(path)
    try:
        params = model.model_validate(sections)
        for field in type(params).model_fields:
            if fit := getattr(getattr(params, field), "fit", None):
                fit(params)
        return params
    except ValidationError as error:
        raise DigsError(f"{name}: {first_mistake(error)}.") from None
    except ValueError as error:
        raise DigsError(f"{name}: {error}.") from None


def first_mistake(error: ValidationError) -> str:
    """Return where the first mistake is and what to do about it."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    what = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        what = "there is no such parameter; remove it or mend its name"
    elif first["type"] == "missing":
        what = "it is missing; add it"
    return f"{where}: {what}" if where else what


def overlay(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested settings with some of them changed or added."""
    nested = {
        key: overlay(values.get(key) or {}, change) if isinstance(change, Mapping) else change
        for key, change in changes.items()
    }
    return {**values, **nested}
