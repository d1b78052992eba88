"""Settings: real spectra, seen by digs and by other codes."""

from typing import Annotated, ClassVar

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from digs.config.model import Section, Seed


class RealGalaxySettings(Section):
    """A spectrum that a package brings."""

    package: str
    file: str  # inside the package
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]  # of the file
    row: NonNegativeInt  # of the spectrum in the file
    redshift: PositiveFloat | None  # None where the file has it


class BagpipesSettings(Section):
    resolution: PositiveFloat  # lambda / d lambda of its wavelengths, two of them in each d lambda
    live: Annotated[int, Field(ge=50)]  # points of nautilus
    effective: PositiveInt  # draws, at least


class PPXFSettings(Section):
    regularisation: NonNegativeFloat
    copies: Annotated[int, Field(ge=4)]  # made spectra, for the uncertainties


class RealSpectraSettings(Section):
    section: ClassVar = "real_spectra"

    galaxies: Annotated[dict[str, RealGalaxySettings], Field(min_length=1)]
    draws: PositiveInt  # of each posterior
    redshift_error: NonNegativeFloat  # one of the nuisances
    bagpipes: BagpipesSettings
    ppxf: PPXFSettings
    bins: PositiveInt  # of each spectrum, for the figure
    at_once: PositiveInt  # galaxies, each on a core
    seed: Seed
