"""Settings: the reference against nested sampling."""

from typing import Annotated, ClassVar

from pydantic import (
    Field,
    PositiveInt,
)

from digs.config.model import Section, Seed


class NestedSettings(Section):
    section: ClassVar = "nested"

    galaxies: PositiveInt
    live: Annotated[int, Field(ge=100)]
    networks: PositiveInt
    sample_size: PositiveInt
    network: str
    draws: PositiveInt
    seed: Seed
