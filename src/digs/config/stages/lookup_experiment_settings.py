"""Settings: networks that were shown other pairs, compared."""

from typing import Annotated, ClassVar

from pydantic import (
    Field,
    PositiveInt,
)

from digs.config.model import Section, Seed


class LookupExperimentSettings(Section):
    section: ClassVar = "lookup_experiment"

    networks: Annotated[list[str], Field(min_length=1)]
    reference: str
    pairs: PositiveInt
    spectra: PositiveInt
    draws: PositiveInt
    galaxy_draws: PositiveInt
    bootstrap: PositiveInt
    seed: Seed
