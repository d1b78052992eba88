"""Settings: simple stellar populations at FSPS's own resolution."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt, field_validator

from digs.config.model import Section, Seed


class PopulationsSettings(Section):
    section: ClassVar = "populations"

    wavelength_start: Annotated[float, Field(ge=1300, lt=22000)]  # from where the attenuation curve is defined
    wavelength_stop: Annotated[float, Field(gt=1300, le=22000)]
    rank: PositiveInt
    gas: Literal["solar", "stars"]
    gas_logu: float
    galaxies: PositiveInt
    seed: Seed

    @field_validator("wavelength_stop")
    @classmethod
    def _redder(cls, value: float, info) -> float:
        if value <= info.data.get("wavelength_start", 0.0):
            raise ValueError("it is not above populations.wavelength_start; swap them")
        return value
