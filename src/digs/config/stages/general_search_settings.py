"""Settings: which architecture learns the general network's task best."""

from typing import ClassVar

from digs.config.model import Architecture, Section, Seed
from digs.config.params import Params
from digs.config.stages.general_network_settings import GeneralRecipe


class GeneralSearchSettings(Section):
    section: ClassVar = "general_search"

    architectures: dict[str, Architecture]
    recipe: GeneralRecipe
    seed: Seed

    def fit(self, params: Params) -> None:
        """Check that each network can be built.

        Raises:
            ValueError: one cannot.
        """
        for name, architecture in self.architectures.items():
            if architecture.embedding is None or architecture.density_estimator != "zuko_nsf":
                raise ValueError(f"general_search.architectures.{name} is no zuko_nsf with an embedding; make it one")
