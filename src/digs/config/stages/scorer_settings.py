"""Settings: whether the scores of the benchmark find what is wrong, and nothing in an exact entry."""

from typing import Annotated, ClassVar

from pydantic import Field, PositiveFloat, PositiveInt

from digs.config.model import Fraction, Section, Seed


class WrongEntriesSettings(Section):
    """How wrong analytic entries are (digs.diagnostics.scores.analytic_entries)."""

    too_wide: Annotated[float, Field(gt=1)]
    too_narrow: Fraction
    shifted: PositiveFloat
    heavy_tailed: Annotated[float, Field(gt=2)]
    one_bad_galaxy: PositiveFloat


class ScorerSettings(Section):
    section: ClassVar = "scorer"

    galaxies: Annotated[int, Field(ge=20)]
    draws: Annotated[int, Field(ge=50)]
    exact: Annotated[int, Field(ge=10)]  # repetitions of the exact entry
    wrong: PositiveInt  # repetitions of each other
    strengths: WrongEntriesSettings
    uniform: Fraction  # the p-values of a test count as uniform if this is more likely than so
    failing: Fraction  # of exact entries, at most
    seed: Seed
