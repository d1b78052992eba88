"""Settings: spectra of posterior draws against the data."""

from typing import ClassVar

from pydantic import (
    PositiveInt,
)

from digs.config.model import Fraction, Section, Seed


class PredictiveChecksSettings(Section):
    section: ClassVar = "predictive_checks"

    network: str
    draws: PositiveInt
    worst: PositiveInt
    excluded: Fraction
    many: Fraction
    bootstrap: PositiveInt
    seed: Seed
