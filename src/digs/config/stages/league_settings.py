"""Settings: methods of many kinds, entered in the benchmark."""

from typing import Annotated, ClassVar

from pydantic import Field, PositiveFloat, PositiveInt

from digs.config.model import Fraction, Section, Seed
from digs.config.params import Params


class SbiSettings(Section):
    """sbi's estimators: pairs for training and validation, and at most so many epochs of each."""

    pairs: PositiveInt
    npe_epochs: PositiveInt
    fmpe_epochs: PositiveInt


class NeighbourSettings(Section):
    """Nearest neighbours: training spectra, and stand-ins of each galaxy."""

    pairs: Annotated[int, Field(ge=100)]
    stand_ins: PositiveInt


class ShortWalkSettings(Section):
    """Short walks: the share of the steps of `chains`, and how many galaxies walk side by side."""

    share: Fraction
    at_once: PositiveInt


class LeagueTiming(Section):
    """Galaxies that each method is timed on, in one call, and how often."""

    galaxies: PositiveInt
    repeats: PositiveInt


class LeagueSettings(Section):
    section: ClassVar = "league"

    networks: Annotated[list[str], Field(min_length=1)]
    network: str
    draws: Annotated[int, Field(ge=50)]
    candidates: PositiveInt
    effective: PositiveFloat
    batch: PositiveInt
    sbi: SbiSettings
    neighbours: NeighbourSettings
    short_walks: ShortWalkSettings
    timing: LeagueTiming
    seed: Seed

    def fit(self, params: Params) -> None:
        """Check that stand-ins can have equal numbers of draws, and that not all candidates have to be effective.

        Raises:
            ValueError: they cannot, or have to.
        """
        each = self.neighbours.stand_ins
        if self.draws % each:
            raise ValueError(f"league.draws is no multiple of league.neighbours.stand_ins; make it one of {each}")
        if self.effective >= self.candidates:
            raise ValueError(f"league.effective is not below league.candidates; lower it below {self.candidates}")
