"""Settings: joint and local calibration, in subsets and at other noise."""

from typing import Annotated, ClassVar, Literal

from pydantic import (
    Field,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from digs.config.model import Fraction, Section, Seed


class LocalTestsSettings(Section):
    networks: list[str]
    galaxies: PositiveInt
    trials: PositiveInt


class NoiseLevelsSettings(Section):
    network: str
    signal_to_noise: Annotated[list[Annotated[float, Field(ge=7)]], Field(min_length=1)]  # fluxes must stay positive
    spectra: PositiveInt
    draws: PositiveInt


class ValidationSettings(Section):
    section: ClassVar = "validation"

    networks: Annotated[list[str], Field(min_length=1)]
    looked_up: str
    against_exact: str
    exact_draws: PositiveInt
    references: str
    spectra: PositiveInt
    draws: PositiveInt
    levels: Annotated[int, Field(ge=2)]
    band: Fraction
    bootstrap: PositiveInt
    shown: PositiveInt
    local: LocalTestsSettings
    line: PositiveFloat
    subsets: dict[Literal["tage", "dust2", "logzsol", "edge", "line"], Annotated[list[float], Field(min_length=1)]]
    noise_levels: NoiseLevelsSettings
    seed: Seed

    @model_validator(mode="after")
    def _ranks_on_levels(self) -> "ValidationSettings":
        if (self.draws + 1) % self.levels:
            raise ValueError(
                f"{self.draws} draws have ranks between levels; take {self.levels - 1} draws, or as many "
                f"more as are a multiple of {self.levels}"
            )
        if "tage" not in self.subsets:
            raise ValueError("subsets need tage, by which young and old are told; add it")
        for trait, ends in self.subsets.items():
            if sorted(ends) != ends:
                raise ValueError(f"the ends of subsets.{trait} do not ascend; sort them")
        return self
