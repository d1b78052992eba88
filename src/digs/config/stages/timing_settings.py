"""Settings: what simulations, training and posteriors cost."""

from typing import Annotated, ClassVar

from pydantic import (
    Field,
    PositiveInt,
    model_validator,
)

from digs.config.model import Section, Seed


class TimingSettings(Section):
    section: ClassVar = "timing"

    repeats: Annotated[int, Field(ge=3)]
    reference_spectra: PositiveInt
    batch: PositiveInt
    training_pairs: PositiveInt
    training_batch: PositiveInt
    training_batch_large: PositiveInt
    networks: Annotated[list[str], Field(min_length=1)]
    posterior_galaxies: PositiveInt
    fits_at_once: PositiveInt
    draws: PositiveInt
    galaxies: Annotated[list[PositiveInt], Field(min_length=1)]
    draws_each: Annotated[list[PositiveInt], Field(min_length=1)]
    pixel_factors: Annotated[list[PositiveInt], Field(min_length=1)]
    seed: Seed

    @model_validator(mode="after")
    def _base_cases(self) -> "TimingSettings":
        if 1 not in self.galaxies or 1 not in self.pixel_factors or self.draws not in self.draws_each:
            raise ValueError("galaxies and pixel_factors need 1 among them, and draws_each needs draws; add them")
        return self
