"""Settings: emcee on the galaxy of Fig. 3."""

from typing import Annotated, ClassVar, Literal

from pydantic import (
    Field,
    PositiveInt,
)

from digs.config.model import Section, Seed


class ChainsSettings(Section):
    section: ClassVar = "chains"

    walkers: Annotated[int, Field(ge=10, multiple_of=2)]  # emcee wants an even number, twice the dimension or more
    iterations: PositiveInt
    burn_in: Annotated[list[PositiveInt], Field(min_length=1)]
    sigma: Literal["model", "data"]
    reference_steps: PositiveInt
    reference_thin: PositiveInt
    seed: Seed
