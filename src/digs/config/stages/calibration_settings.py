"""Settings: ranks and coverage over the test set."""

from typing import ClassVar

from pydantic import (
    PositiveInt,
)

from digs.config.model import Section, Seed


class CalibrationSettings(Section):
    section: ClassVar = "calibration"

    rank_bins: PositiveInt
    levels: PositiveInt
    bootstrap: PositiveInt
    seed: Seed
