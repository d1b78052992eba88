"""Settings: networks that differ from a recipe in one thing."""

from typing import Annotated, Any, ClassVar

from pydantic import (
    Field,
    PositiveInt,
    RootModel,
    ValidationError,
)

from digs.base.errors import DigsError
from digs.config.model import Network, Section, Seed
from digs.config.params import Params, first_mistake, overlay


class StudySettings(Section):
    """Networks that differ in one thing: changes of a network's settings, nested as these are."""

    network: str
    common: dict[str, Any]  # of all candidates
    candidates: Annotated[dict[str, dict[str, Any]], Field(min_length=1)]


class StudiesCommonSettings(Section):
    """What the networks of all studies are compared on."""

    section: ClassVar = "studies_common"

    pairs: PositiveInt
    spectra: PositiveInt
    draws: PositiveInt
    seed: Seed


class Studies(RootModel[dict[str, StudySettings]]):
    """All studies, by name."""

    section: ClassVar = "studies"

    def named(self, name: str) -> StudySettings:
        """Return one study.

        Raises:
            DigsError: there is none of that name.
        """
        if name not in self.root:
            raise DigsError(f"No study is named '{name}' in params.yaml; choose from: {', '.join(self.root)}.")
        return self.root[name]

    def candidates(self, name: str, params: Params) -> dict[str, Network]:
        """Return the settings of every network of a study."""
        study = self.named(name)
        recipe = params.network(study.network).model_dump(exclude_none=True)
        return {
            candidate: Network.model_validate(overlay(overlay(recipe, study.common), changes))
            for candidate, changes in study.candidates.items()
        }

    def fit(self, params: Params) -> None:
        """Check that the networks of all studies can be trained.

        Raises:
            ValueError: one cannot.
        """
        for name, study in self.root.items():
            if study.network not in params.networks:
                raise ValueError(f"studies.{name}.network: no network is named '{study.network}'; name one that is")
            try:
                networks = self.candidates(name, params)
            except ValidationError as error:
                raise ValueError(f"studies.{name}: in a candidate, {first_mistake(error)}") from None
            if any(network.source != "exact" or network.prior is not None for network in networks.values()):
                raise ValueError(f"studies.{name}: studies want source 'exact' and the prior of all; mend the network")
