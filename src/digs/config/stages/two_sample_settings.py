"""Settings: the classifier's test of NPE against the reference."""

from typing import Annotated, ClassVar

from pydantic import (
    Field,
    PositiveInt,
)

from digs.config.model import Section, Seed


class TwoSampleSettings(Section):
    section: ClassVar = "two_sample"

    networks: Annotated[list[str], Field(min_length=1)]
    resampled: str
    galaxies: PositiveInt
    candidates: PositiveInt
    seed: Seed
