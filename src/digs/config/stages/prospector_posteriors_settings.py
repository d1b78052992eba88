"""Settings: exact posteriors by Prospector's own likelihood."""

from typing import ClassVar

from pydantic import PositiveInt

from digs.config.model import Section, Seed


class ProspectorPosteriorsSettings(Section):
    section: ClassVar = "prospector_posteriors"

    galaxies: PositiveInt
    draws: PositiveInt
    processes: PositiveInt
    seed: Seed
