"""Settings: galaxies on any instrument against Prospector."""

from typing import ClassVar

from pydantic import PositiveFloat, PositiveInt

from digs.config.model import Section, Seed


class InstrumentsSettings(Section):
    section: ClassVar = "instruments"

    galaxies: PositiveInt
    seed: Seed
    median_bar: PositiveFloat
    tail_bar: PositiveFloat
