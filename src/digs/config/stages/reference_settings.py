"""Settings: emcee on hundreds of test galaxies."""

from typing import ClassVar

from pydantic import PositiveInt

from digs.config.model import Seed, Walk


class ReferenceSettings(Walk):
    section: ClassVar = "reference"

    galaxies: PositiveInt
    network: str
    draws: PositiveInt
    at_once: PositiveInt
    seed: Seed
