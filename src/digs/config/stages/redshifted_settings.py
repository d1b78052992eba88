"""Settings: test galaxies at an unknown redshift."""

from typing import Annotated, ClassVar

from pydantic import (
    Field,
    PositiveFloat,
    PositiveInt,
)

from digs.config.model import Section


class RedshiftedSettings(Section):
    section: ClassVar = "redshifted"

    galaxies: PositiveInt
    redshifts: Annotated[list[PositiveFloat], Field(min_length=1)]
