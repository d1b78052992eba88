"""The sections of params.yaml: what each may hold."""

from typing import Annotated, Literal

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
    """A section of params.yaml: unknown names and values that are not finite are refused."""

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


class WavelengthRange(Section):
    """From where to where, in Angstrom."""

    wavelength_start: PositiveFloat
    wavelength_stop: PositiveFloat

    @field_validator("wavelength_stop")
    @classmethod
    def _redder(cls, value: float, info) -> float:
        if value <= info.data.get("wavelength_start", 0.0):
            raise ValueError("it is not above wavelength_start; swap them")
        return value


class Spectrum(WavelengthRange):
    """The pixels of the spectra, in Angstrom, their resolution and the redshift."""

    pixels: Annotated[int, Field(ge=2)]
    smoothing_type: Literal["vel", "R"]
    smoothing: PositiveFloat
    zred: PositiveFloat


class NebularGas(Section):
    """The gas around young stars: its metallicity, solar or the stars', and log10 of its ionisation parameter."""

    metallicity: Literal["solar", "stars"]
    logu: float


class Noise(Section):
    """The noise of the spectra, in units of the model flux."""

    fraction: Annotated[float, Field(gt=0, lt=0.15)]  # data are logarithms: fluxes must stay positive


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


FAR_BELOW = 25.0  # nat below the best; a normal posterior of five parameters has one draw in 10^9 beyond


class Walk(Section):
    """How ensembles of walkers sample a posterior, and when they count as converged."""

    ensembles: Annotated[int, Field(ge=2)]  # to be compared with one another
    walkers: Annotated[int, Field(ge=10, multiple_of=2)]
    burn_in: PositiveInt
    steps: PositiveInt
    thin: PositiveInt
    r_hat: Annotated[float, Field(gt=1)]
    sample_size: PositiveFloat
    extensions: Annotated[int, Field(ge=0)]
    far_below: PositiveFloat = (
        FAR_BELOW  # nat: no draw may lie further below the best, and walkers that stay so far are stuck
    )


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
