"""Settings: NPE's draws for the test set."""

from typing import ClassVar

from pydantic import (
    PositiveInt,
)

from digs.config.model import Section, Seed


class PosteriorsSettings(Section):
    section: ClassVar = "posteriors"

    network: str
    draws: PositiveInt
    galaxy_draws: PositiveInt
    seed: Seed
