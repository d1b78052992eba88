"""Settings: the information that components of the spectra lose."""

from typing import Annotated, ClassVar

from pydantic import (
    Field,
    PositiveInt,
)

from digs.config.model import Section, Seed


class CompressionSettings(Section):
    section: ClassVar = "compression"

    components: Annotated[list[PositiveInt], Field(min_length=1)]
    examples: PositiveInt
    galaxies: PositiveInt
    seed: Seed
