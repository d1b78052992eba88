"""Settings: one network for the spectra of any spectrograph."""

from typing import Annotated, ClassVar

from pydantic import Field, PositiveFloat, PositiveInt

from digs.config.model import Architecture, Section, Seed
from digs.config.params import Params

_OF_ONE = 64  # pairs that are observed alike, in a batch


class GeneralRecipe(Section):
    """How long and how fast a flow learns; as of the networks of Khullar et al.'s (2022) problem."""

    pairs: PositiveInt  # of an epoch, all of them new
    batch_size: Annotated[int, Field(ge=_OF_ONE, multiple_of=_OF_ONE)]
    learning_rate: PositiveFloat
    epochs: PositiveInt
    cycle: PositiveInt
    least_improvement: PositiveFloat
    clip_norm: PositiveFloat


class GeneralNetworkSettings(Section):
    section: ClassVar = "general_network"

    components: PositiveInt
    component_galaxies: PositiveInt
    ways: PositiveInt  # to observe
    held_out_ways: PositiveInt
    held_out_pairs: PositiveInt
    architecture: Architecture
    recipe: GeneralRecipe
    seed: Seed

    def fit(self, params: Params) -> None:
        """Check that the network can be built.

        Raises:
            ValueError: it cannot.
        """
        if self.architecture.embedding is None or self.architecture.density_estimator != "zuko_nsf":
            raise ValueError("general_network.architecture is no zuko_nsf with an embedding; make it one")
        if self.component_galaxies <= self.components:
            raise ValueError(
                f"general_network has {self.component_galaxies} component_galaxies for {self.components} components; "
                "raise them above"
            )
