"""Settings: brute force beside importance sampling from a network, the reference chains and nested sampling."""

from typing import ClassVar

from pydantic import (
    PositiveInt,
)

from digs.config.model import Section, Seed


class BruteForceSettings(Section):
    section: ClassVar = "brute_force"

    network: str
    draws: PositiveInt
    batch: PositiveInt
    repeats: PositiveInt
    chain_draws: PositiveInt
    bootstrap: PositiveInt
    seed: Seed
