"""Settings: emcee on Prospector itself."""

from typing import Annotated, ClassVar

from pydantic import (
    Field,
    PositiveInt,
    model_validator,
)

from digs.config.model import Section, Seed

PART_STEPS = 16  # a walk on Prospector is kept every so many steps


Steps = Annotated[int, Field(gt=0, multiple_of=PART_STEPS)]


class ProspectorChainSettings(Section):
    section: ClassVar = "prospector_chain"

    burn_in: Annotated[list[Steps], Field(min_length=1)]
    steps: Steps
    thin: PositiveInt
    processes: PositiveInt
    repeats: Annotated[int, Field(ge=2)]
    reference_burn_in: list[PositiveInt]
    reference_steps: PositiveInt
    seed: Seed

    @model_validator(mode="after")
    def _thin_divides_steps(self):
        if self.steps % self.thin:
            raise ValueError(f"thin ({self.thin}) does not divide steps ({self.steps})")
        return self
