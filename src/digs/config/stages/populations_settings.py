"""Settings: simple stellar populations at FSPS's own resolution."""

from typing import Annotated, ClassVar

from pydantic import Field, PositiveInt

from digs.config.model import Seed, WavelengthRange


class PopulationsSettings(WavelengthRange):
    section: ClassVar = "populations"

    wavelength_start: Annotated[float, Field(ge=1300, lt=22000)]  # from where the attenuation curve is defined
    wavelength_stop: Annotated[float, Field(gt=1300, le=22000)]
    rank: PositiveInt
    galaxies: PositiveInt
    seed: Seed
