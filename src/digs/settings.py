"""The sections of params.yaml: what each may hold."""

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

Fraction = Annotated[float, Field(gt=0, lt=1)]
Seed = Annotated[int, Field(ge=0)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class PriorRanges(Section):
    """Uniform prior ranges, [low, high], in the order of theta."""

    logmass: tuple[float, float]
    logzsol: tuple[float, float]
    dust2: tuple[float, float]
    tage: tuple[float, float]
    logtau: tuple[float, float]

    @field_validator("*")
    @classmethod
    def _upright(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not value[0] < value[1]:
            raise ValueError(f"the low end {value[0]:g} is not below the high end {value[1]:g}; swap them")
        return value

    @field_validator("dust2", "tage")
    @classmethod
    def _not_negative(cls, value: tuple[float, float]) -> tuple[float, float]:
        if value[0] < 0:
            raise ValueError(f"the low end {value[0]:g} is negative; raise it to 0 or above")
        return value


class Spectrum(Section):
    wavelength_start: PositiveFloat
    wavelength_stop: PositiveFloat
    pixels: Annotated[int, Field(ge=2)]
    smoothing_type: Literal["vel", "R"]
    smoothing: PositiveFloat
    zred: PositiveFloat

    @field_validator("wavelength_stop")
    @classmethod
    def _redder(cls, value: float, info) -> float:
        if value <= info.data.get("wavelength_start", 0.0):
            raise ValueError("it is not above spectrum.wavelength_start; swap them")
        return value


class Noise(Section):
    fraction: Annotated[float, Field(gt=0, lt=0.15)]  # data are logarithms: fluxes must stay positive


class Library(Section):
    size: PositiveInt
    test_size: PositiveInt
    seed: Seed
    processes: PositiveInt


class Galaxy(Section):
    logmass: float
    logzsol: float
    dust2: float
    tage: float
    logtau: float
    seed: Seed


class Agreement(Section):
    median_bar: PositiveFloat
    worst_bar: PositiveFloat


class Embedding(Section):
    """A residual network between the features of a spectrum and the flow."""

    width: PositiveInt
    blocks: PositiveInt
    features: PositiveInt  # that the flow sees


class Architecture(Section):
    """How a flow is built."""

    density_estimator: str = "maf"  # as sbi calls it
    hidden_features: PositiveInt
    hidden_layers: PositiveInt = 2
    num_transforms: PositiveInt
    num_bins: PositiveInt | None = None  # of splines
    components: PositiveInt | None = None  # principal ones, instead of the fluxes of all pixels
    scores: bool = False  # whether they lie in the subspace that posteriors depend on most
    relative_mass: bool = False  # whether the mass is learned relative to the level of the spectrum
    marginal: bool = False  # whether mass and dust come in closed form, and the other three alone are learned
    mass_edges: bool = False  # whether it is shown how close the level is to the ends of the prior's mass range
    embedding: Embedding | None = None

    @model_validator(mode="after")
    def _scores_of_components(self) -> "Architecture":
        if self.scores and not (self.components and self.marginal):
            raise ValueError("scores need components and marginal; set them")
        return self


class Network(Section):
    """How one network is built and trained."""

    source: Literal["library", "lookup", "exact"]
    prior: PriorRanges | None = None  # its own; without, that of all
    pairs: PositiveInt
    distinct: PositiveInt | None = None
    architecture: Architecture
    batch_size: PositiveInt
    learning_rate: PositiveFloat
    epochs: PositiveInt
    cycle: PositiveInt
    least_improvement: PositiveFloat
    validation_fraction: Fraction
    clip_norm: PositiveFloat
    workers: PositiveInt | None = None  # processes that train it; without, as many as there are threads
    seed: Seed


class Study(Section):
    """Networks that differ in one thing: changes of a network's settings, nested as these are."""

    network: str
    common: dict[str, Any]  # of all candidates
    candidates: Annotated[dict[str, dict[str, Any]], Field(min_length=1)]


class StudiesCommon(Section):
    """What the networks of all studies are compared on."""

    pairs: PositiveInt
    spectra: PositiveInt
    draws: PositiveInt
    seed: Seed


PART_STEPS = 16  # a walk on Prospector is kept every so many steps
Steps = Annotated[int, Field(gt=0, multiple_of=PART_STEPS)]


class Chains(Section):
    walkers: Annotated[int, Field(ge=10, multiple_of=2)]  # emcee wants an even number, twice the dimension or more
    iterations: PositiveInt
    burn_in: Annotated[list[PositiveInt], Field(min_length=1)]
    sigma: Literal["model", "data"]
    reference_steps: PositiveInt
    reference_thin: PositiveInt
    seed: Seed


class ProspectorChain(Section):
    burn_in: Annotated[list[Steps], Field(min_length=1)]
    steps: Steps
    thin: PositiveInt
    processes: PositiveInt
    repeats: Annotated[int, Field(ge=2)]
    reference_burn_in: list[PositiveInt]
    reference_steps: PositiveInt
    seed: Seed

    @model_validator(mode="after")
    def _thin_divides_steps(self):
        if self.steps % self.thin:
            raise ValueError(f"thin ({self.thin}) does not divide steps ({self.steps})")
        return self


class Reference(Section):
    galaxies: PositiveInt
    network: str
    ensembles: Annotated[int, Field(ge=2)]  # to be compared with one another
    walkers: Annotated[int, Field(ge=10, multiple_of=2)]
    burn_in: PositiveInt
    steps: PositiveInt
    thin: PositiveInt
    r_hat: Annotated[float, Field(gt=1)]
    sample_size: PositiveFloat
    extensions: Annotated[int, Field(ge=0)]
    draws: PositiveInt
    at_once: PositiveInt
    seed: Seed


class Choices(Section):
    galaxies: PositiveInt
    spectra: Annotated[dict[str, dict[str, Any]], Field(min_length=1)]  # changes of the section spectrum
    draws: PositiveInt
    bootstrap: PositiveInt
    seed: Seed


class Posteriors(Section):
    network: str
    draws: PositiveInt
    galaxy_draws: PositiveInt
    seed: Seed


class Calibration(Section):
    rank_bins: PositiveInt
    levels: PositiveInt
    bootstrap: PositiveInt
    seed: Seed


class LookupExperiment(Section):
    networks: Annotated[list[str], Field(min_length=1)]
    reference: str
    pairs: PositiveInt
    spectra: PositiveInt
    draws: PositiveInt
    galaxy_draws: PositiveInt
    bootstrap: PositiveInt
    seed: Seed


class Comparison(Section):
    networks: Annotated[list[str], Field(min_length=1)]
    draws: PositiveInt
    bootstrap: PositiveInt
    seed: Seed


class TwoSample(Section):
    networks: Annotated[list[str], Field(min_length=1)]
    resampled: str
    galaxies: PositiveInt
    candidates: PositiveInt
    seed: Seed


class Nested(Section):
    galaxies: PositiveInt
    live: Annotated[int, Field(ge=100)]
    networks: PositiveInt
    sample_size: PositiveInt
    network: str
    draws: PositiveInt
    seed: Seed


class Edges(Section):
    networks: Annotated[list[str], Field(min_length=1)]
    share: Annotated[float, Field(gt=0, le=0.5)]
    spectra: PositiveInt
    draws: PositiveInt
    seed: Seed


class LocalTests(Section):
    networks: list[str]
    galaxies: PositiveInt
    trials: PositiveInt


class NoiseLevels(Section):
    network: str
    signal_to_noise: Annotated[list[Annotated[float, Field(ge=7)]], Field(min_length=1)]  # fluxes must stay positive
    spectra: PositiveInt
    exact: PositiveInt
    candidates: PositiveInt
    stretch: Annotated[float, Field(ge=0, le=1)]
    sample_size: PositiveFloat

    @model_validator(mode="after")
    def _among_them(self) -> "NoiseLevels":
        if self.exact > self.spectra:
            raise ValueError(f"exact is {self.exact}, above spectra; lower it to {self.spectra} or below")
        return self


class Validation(Section):
    networks: Annotated[list[str], Field(min_length=1)]
    looked_up: str
    weighted: str
    references: str
    spectra: PositiveInt
    draws: PositiveInt
    levels: Annotated[int, Field(ge=2)]
    band: Fraction
    bootstrap: PositiveInt
    shown: PositiveInt
    local: LocalTests
    line: PositiveFloat
    subsets: dict[Literal["tage", "dust2", "logzsol", "edge", "line"], Annotated[list[float], Field(min_length=1)]]
    noise_levels: NoiseLevels
    seed: Seed

    @model_validator(mode="after")
    def _ranks_on_levels(self) -> "Validation":
        if (self.draws + 1) % self.levels:
            raise ValueError(
                f"{self.draws} draws have ranks between levels; take {self.levels - 1} draws, or as many "
                f"more as are a multiple of {self.levels}"
            )
        if "tage" not in self.subsets:
            raise ValueError("subsets need tage, by which young and old are told; add it")
        for trait, ends in self.subsets.items():
            if sorted(ends) != ends:
                raise ValueError(f"the ends of subsets.{trait} do not ascend; sort them")
        return self


class Compression(Section):
    components: Annotated[list[PositiveInt], Field(min_length=1)]
    examples: PositiveInt
    galaxies: PositiveInt
    seed: Seed


class Timing(Section):
    repeats: Annotated[int, Field(ge=3)]
    reference_spectra: PositiveInt
    batch: PositiveInt
    training_pairs: PositiveInt
    training_batch: PositiveInt
    training_batch_large: PositiveInt
    networks: Annotated[list[str], Field(min_length=1)]
    posterior_galaxies: PositiveInt
    fits_at_once: PositiveInt
    draws: PositiveInt
    galaxies: Annotated[list[PositiveInt], Field(min_length=1)]
    draws_each: Annotated[list[PositiveInt], Field(min_length=1)]
    pixel_factors: Annotated[list[PositiveInt], Field(min_length=1)]
    seed: Seed

    @model_validator(mode="after")
    def _base_cases(self) -> "Timing":
        if 1 not in self.galaxies or 1 not in self.pixel_factors or self.draws not in self.draws_each:
            raise ValueError("galaxies and pixel_factors need 1 among them, and draws_each needs draws; add them")
        return self


class Redshifted(Section):
    galaxies: PositiveInt
    redshifts: Annotated[list[PositiveFloat], Field(min_length=1)]


class PredictiveChecks(Section):
    network: str
    draws: PositiveInt
    worst: PositiveInt
    excluded: Fraction
    many: Fraction
    bootstrap: PositiveInt
    seed: Seed


class WarningLights(Section):
    network: str
    draws: PositiveInt
    neighbours: PositiveInt
    references: PositiveInt
    spectra: PositiveInt
    false_alarms: Fraction
    rejected: Fraction
    galaxies: PositiveInt
    corruptions: dict[str, Annotated[list[PositiveFloat], Field(min_length=1)]]
    bootstrap: PositiveInt
    seed: Seed
