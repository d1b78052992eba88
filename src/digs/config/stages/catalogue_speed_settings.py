"""Settings: how fast catalogues and single spectra are inferred, and in how much memory."""

from typing import Annotated, ClassVar

from pydantic import Field, PositiveFloat, PositiveInt

from digs.config.model import Section, Seed
from digs.config.params import Params


class CatalogueMemory(Section):
    """Catalogues of few pixels whose peak memory is compared."""

    rows: Annotated[list[PositiveInt], Field(min_length=2)]
    galaxies: PositiveInt  # of these that have a spectrum, evenly among the rows; the others have none
    pixels: PositiveInt


class CatalogueBars(Section):
    """What is asked of the speed."""

    rate: PositiveFloat  # galaxies a minute, by all workers
    single: PositiveFloat  # seconds for one spectrum
    memory: PositiveFloat  # GB at the peak
    speedup: PositiveFloat  # of two Dask workers


class CatalogueSpeedSettings(Section):
    section: ClassVar = "catalogue_speed"

    galaxies: PositiveInt
    draws: PositiveInt
    workers: PositiveInt
    signal: tuple[PositiveFloat, PositiveFloat]  # signal-to-noise per 40 Angstrom, uniform in its logarithm
    first: PositiveFloat  # Angstrom
    last: PositiveFloat
    pixels: PositiveInt
    sigma_kms: PositiveFloat
    redshift: tuple[PositiveFloat, PositiveFloat]
    ways: PositiveInt  # pairs of redshift and dispersion that galaxies share, to be made quickly
    sampler: PositiveInt  # galaxies of which sbi's own sampler draws
    cluster: PositiveInt  # galaxies that Dask's workers and one process infer
    control: PositiveInt  # of these, that each of two processes infers at once, and one alone
    single: PositiveInt  # spectra that are inferred one by one, with pictures
    memory: CatalogueMemory
    bars: CatalogueBars
    seed: Seed

    def fit(self, params: Params) -> None:
        """Check that there are as many galaxies as each part takes.

        Raises:
            ValueError: there are not.
        """
        most = max(self.sampler, self.cluster, self.single)
        if self.galaxies < most:
            raise ValueError(f"catalogue_speed.galaxies is below what its parts take; raise it to {most}")
        if self.control > self.cluster:
            raise ValueError("catalogue_speed.control is above cluster, whose galaxies it takes; lower it")
        if min(self.memory.rows) < self.memory.galaxies:
            raise ValueError("catalogue_speed.memory.rows is below memory.galaxies; raise it")
