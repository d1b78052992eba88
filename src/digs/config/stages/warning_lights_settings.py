"""Settings: the warning lights, and the spectra that they are tested on."""

from typing import Annotated, ClassVar

from pydantic import (
    Field,
    PositiveFloat,
    PositiveInt,
)

from digs.config.model import Fraction, Section, Seed


class WarningLightsSettings(Section):
    section: ClassVar = "warning_lights"

    network: str
    draws: PositiveInt
    neighbours: PositiveInt
    references: PositiveInt
    spectra: PositiveInt
    false_alarms: Fraction
    rejected: Fraction
    galaxies: PositiveInt
    corruptions: dict[str, Annotated[list[PositiveFloat], Field(min_length=1)]]
    bootstrap: PositiveInt
    seed: Seed
