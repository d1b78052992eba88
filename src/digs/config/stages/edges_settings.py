"""Settings: bias and coverage at the ends of the prior."""

from typing import Annotated, ClassVar

from pydantic import (
    Field,
    PositiveInt,
)

from digs.config.model import Section, Seed


class EdgesSettings(Section):
    section: ClassVar = "edges"

    networks: Annotated[list[str], Field(min_length=1)]
    share: Annotated[float, Field(gt=0, le=0.5)]
    spectra: PositiveInt
    draws: PositiveInt
    seed: Seed
