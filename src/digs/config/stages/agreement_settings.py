"""Settings: how close the exact simulator must come to Prospector."""

from typing import ClassVar

from pydantic import (
    PositiveFloat,
)

from digs.config.model import Section


class AgreementSettings(Section):
    section: ClassVar = "agreement"

    median_bar: PositiveFloat
    tail_bar: PositiveFloat
    worst_bar: PositiveFloat
