"""params.yaml, checked: every number of the project that a person may change."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import PositiveInt, ValidationError, model_validator

from digs import paths
from digs.errors import DigsError
from digs.settings import (
    Agreement,
    Calibration,
    Chains,
    Choices,
    Comparison,
    Compression,
    Edges,
    Galaxy,
    Library,
    LookupExperiment,
    Nested,
    Network,
    Noise,
    Posteriors,
    PredictiveChecks,
    PriorRanges,
    ProspectorChain,
    Redshifted,
    Reference,
    Section,
    Spectrum,
    StudiesCommon,
    Study,
    Timing,
    TwoSample,
    Validation,
    WarningLights,
)


def overlay(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Nested settings with some of them changed or added."""
    nested = {
        key: overlay(values.get(key) or {}, change) if isinstance(change, Mapping) else change
        for key, change in changes.items()
    }
    return {**values, **nested}


class Params(Section):
    prior: PriorRanges
    spectrum: Spectrum
    noise: Noise
    library: Library
    galaxy: Galaxy
    agreement: Agreement
    networks: dict[str, Network]
    studies: dict[str, Study]
    studies_common: StudiesCommon
    chains: Chains
    prospector_chain: ProspectorChain
    reference: Reference
    choices: Choices
    posteriors: Posteriors
    calibration: Calibration
    lookup_experiment: LookupExperiment
    comparison: Comparison
    two_sample: TwoSample
    nested: Nested
    edges: Edges
    validation: Validation
    compression: Compression
    timing: Timing
    redshifted: Redshifted
    predictive_checks: PredictiveChecks
    warning_lights: WarningLights
    threads: PositiveInt

    def network_prior(self, name: str) -> PriorRanges:
        """The prior that a network is trained on."""
        return self.network(name).prior or self.prior

    def network(self, name: str) -> Network:
        if name not in self.networks:
            raise DigsError(f"No network is named '{name}' in params.yaml; choose from: {', '.join(self.networks)}.")
        return self.networks[name]

    def study(self, name: str) -> Study:
        if name not in self.studies:
            raise DigsError(f"No study is named '{name}' in params.yaml; choose from: {', '.join(self.studies)}.")
        return self.studies[name]

    def candidates(self, name: str) -> dict[str, Network]:
        """The settings of every network of a study."""
        study = self.study(name)
        recipe = self.network(study.network).model_dump(exclude_none=True)
        return {
            candidate: Network.model_validate(overlay(overlay(recipe, study.common), changes))
            for candidate, changes in study.candidates.items()
        }

    def choice(self, name: str) -> Spectrum:
        """The section `spectrum` with one of the other choices."""
        return Spectrum.model_validate(overlay(self.spectrum.model_dump(), self.choices.spectra[name]))

    @model_validator(mode="after")
    def _sound_choices(self) -> "Params":
        for name in self.choices.spectra:
            try:
                spectrum = self.choice(name)
            except ValidationError as error:
                raise ValueError(f"choices.spectra.{name}: {_first_mistake(error)}") from None
            if (spectrum.pixels, spectrum.zred) != (self.spectrum.pixels, self.spectrum.zred):
                raise ValueError(f"choices.spectra.{name} changes pixels or zred, and may not; remove that")
        if self.choices.galaxies > self.reference.galaxies:
            most = self.reference.galaxies
            raise ValueError(f"choices.galaxies is above reference.galaxies; lower it to {most} or below")
        return self

    @model_validator(mode="after")
    def _sound_studies(self) -> "Params":
        for name, study in self.studies.items():
            if study.network not in self.networks:
                raise ValueError(f"studies.{name}.network: no network is named '{study.network}'; name one that is")
            try:
                networks = self.candidates(name)
            except ValidationError as error:
                raise ValueError(f"studies.{name}: in a candidate, {_first_mistake(error)}") from None
            if any(network.source != "exact" or network.prior is not None for network in networks.values()):
                raise ValueError(f"studies.{name}: studies want source 'exact' and the prior of all; mend the network")
        return self


@cache
def load_params(path: Path = paths.PARAMS) -> Params:
    """Read and check params.yaml.

    Raises:
        DigsError: the file is missing, is not YAML, or a value is missing, unknown or out of range.
    """
    name = paths.shown(path)
    try:
        text = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        raise DigsError(f"{name} is missing; restore it with `git checkout params.yaml`.") from None
    except UnicodeDecodeError:
        raise DigsError(f"{name} is not YAML: it is no UTF-8 text.") from None
    except yaml.YAMLError as error:
        line = error.problem_mark.line + 1 if getattr(error, "problem_mark", None) else "?"
        raise DigsError(f"{name} is not YAML: see its line {line}.") from None
    if not isinstance(text, dict):
        raise DigsError(f"{name} holds no sections; restore it with `git checkout params.yaml`.")
    try:
        return Params.model_validate(text)
    except ValidationError as error:
        raise DigsError(f"{name}: {_first_mistake(error)}.") from None


def _first_mistake(error: ValidationError) -> str:
    """Where it is and what to do about it."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    what = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        what = "there is no such parameter; remove it or mend its name"
    elif first["type"] == "missing":
        what = "it is missing; add it"
    return f"{where}: {what}" if where else what
