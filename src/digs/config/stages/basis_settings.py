"""Settings: shapes whose sums are the spectra of galaxies."""

from typing import ClassVar

from pydantic import PositiveInt, field_validator

from digs.config.model import Fraction, Section, Seed
from digs.config.params import Params

Range = tuple[float, float]


class GalaxyRanges(Section):
    """Ranges, [low, high], of the galaxies that shapes are made from."""

    logzsol: Range
    dust2: Range
    tage: Range
    logtau: Range
    gas_logz: Range
    gas_logu: Range

    @field_validator("*")
    @classmethod
    def _ascending(cls, value: Range) -> Range:
        if not value[0] < value[1]:
            raise ValueError(f"the low end {value[0]:g} is not below the high end {value[1]:g}; swap them")
        return value

    @field_validator("dust2", "tage")
    @classmethod
    def _not_negative(cls, value: Range) -> Range:
        if value[0] < 0:
            raise ValueError(f"the low end {value[0]:g} is negative; raise it to 0 or above")
        return value


class BasisSettings(Section):
    section: ClassVar = "basis"

    ranges: GalaxyRanges
    galaxies: PositiveInt
    tested: PositiveInt
    binned: Fraction  # of the galaxies
    rank: PositiveInt
    places: PositiveInt
    seed: Seed

    def fit(self, params: Params) -> None:
        """Check that there are galaxies and places enough for the shapes.

        Raises:
            ValueError: there are not.
        """
        if not self.rank <= self.places <= self.galaxies:
            raise ValueError(
                f"basis has {self.rank} shapes from {self.places} places and {self.galaxies} galaxies; make each "
                "number at least as large as the one before"
            )
