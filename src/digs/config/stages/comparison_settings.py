"""Settings: NPE against the reference."""

from typing import Annotated, ClassVar

from pydantic import (
    Field,
    PositiveInt,
)

from digs.config.model import Section, Seed


class ComparisonSettings(Section):
    section: ClassVar = "comparison"

    networks: Annotated[list[str], Field(min_length=1)]
    draws: PositiveInt
    bootstrap: PositiveInt
    seed: Seed
