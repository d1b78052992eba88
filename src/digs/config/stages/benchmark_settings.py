"""Settings: spectra with exact posteriors, that any method can be measured against."""

from typing import Annotated, ClassVar

from pydantic import Field, PositiveFloat, PositiveInt, field_validator

from digs.config.model import Fraction, Section, Seed, Walk
from digs.config.params import Params


class GalaxiesOfTracks(Section):
    """How many galaxies each track has."""

    k22: PositiveInt
    noise: PositiveInt
    corrupted: PositiveInt


class NoiseOfPixels(Section):
    """Sigmas of pixels, and gaps, as the track `noise` has them."""

    signal_to_noise: tuple[PositiveFloat, PositiveFloat]
    tilt: Annotated[float, Field(ge=0)]
    wave: Annotated[float, Field(ge=0)]
    scatter: Annotated[float, Field(ge=0)]
    ends: Annotated[float, Field(ge=0, le=0.2)]
    gaps: Annotated[list[Annotated[float, Field(ge=0, le=0.6)]], Field(min_length=1)]
    bad_pixels: Fraction

    @field_validator("signal_to_noise")
    @classmethod
    def _upright(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not value[0] < value[1]:
            raise ValueError(f"the low end {value[0]:g} is not below the high end {value[1]:g}; swap them")
        return value


class ReferenceRules(Section):
    """What every reference must fulfil.

    effective: the effective number of its draws, at least.
    log_evidence_error: in nat, at most; log_evidence: by which two halves may differ in it.
    medians: by which the medians of two halves may differ, in half-widths.
    quantiles: by which the shares of two halves below a quantile may differ, in standard errors.
    largest_weight: the share of the largest weight in all weights.
    """

    effective: PositiveFloat
    log_evidence_error: PositiveFloat
    log_evidence: PositiveFloat
    medians: PositiveFloat
    quantiles: PositiveFloat
    largest_weight: Fraction


class MixtureRounds(Section):
    """Importance sampling from a mixture, as of digs.exact.mixture_rounds."""

    draws: PositiveInt
    rounds: PositiveInt
    components: PositiveInt
    share: Fraction
    most: PositiveInt


class WalkedGalaxies(Walk):
    """emcee on the first galaxies of tracks."""

    galaxies: PositiveInt
    wider: Annotated[float, Field(ge=1)]
    at_once: PositiveInt


class BenchmarkSettings(Section):
    section: ClassVar = "benchmark"

    galaxies: GalaxiesOfTracks
    noise: NoiseOfPixels
    half: PositiveInt
    grids: Annotated[list[Fraction], Field(min_length=1)]
    mixture: MixtureRounds
    attempts: PositiveInt
    draws: PositiveInt
    rules: ReferenceRules
    emcee: WalkedGalaxies
    at_once: PositiveInt
    seed: Seed

    def fit(self, params: Params) -> None:
        """Check that there are as many draws as are wanted.

        Raises:
            ValueError: there are not.
        """
        if self.rules.effective >= 2 * self.half:
            raise ValueError(
                f"benchmark.rules.effective is not below twice benchmark.half; lower it below {2 * self.half}"
            )
        if self.draws > self.rules.effective:
            raise ValueError(
                f"benchmark.draws is above benchmark.rules.effective; lower it to {self.rules.effective:g} or below"
            )
