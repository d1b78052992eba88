"""Settings: the costs of exact posteriors by the number of parameters that are not in closed form."""

from typing import Annotated, ClassVar

from pydantic import Field, PositiveFloat, PositiveInt

from digs.config.model import Section, Seed
from digs.config.params import Params

Range = tuple[float, float]
Free = Annotated[int, Field(ge=1, le=6)]


class OtherRanges(Section):
    """Prior ranges of what galaxies of section `prior` do not have."""

    gas_logu: Range
    gas_logz: Range
    log_burst: Range


class FrontierMixtures(Section):
    """Mixtures that start from the nearest points of a bank."""

    galaxies: PositiveInt
    bank: PositiveInt
    nearest: PositiveInt


class FrontierWalk(Section):
    """emcee's ensembles, which start from the prior."""

    ensembles: Annotated[int, Field(ge=2)]
    walkers: Annotated[int, Field(ge=20, multiple_of=2)]
    burn_in: PositiveInt
    steps: PositiveInt
    thin: PositiveInt
    timed_steps: PositiveInt


class FrontierNested(Section):
    """nautilus."""

    galaxies: PositiveInt
    timed: PositiveInt
    live: PositiveInt
    networks: PositiveInt


class FrontierSettings(Section):
    section: ClassVar = "frontier"

    free: Annotated[list[Free], Field(min_length=1)]
    ranges: OtherRanges
    solar: float
    networks: dict[str, list[Free]]
    galaxies: PositiveInt
    draws: PositiveInt
    effective: PositiveFloat
    mixtures: FrontierMixtures
    emcee: FrontierWalk
    nautilus: FrontierNested
    batch: PositiveInt
    repeats: Annotated[int, Field(ge=2)]
    training_pairs: PositiveInt
    catalogues: Annotated[list[PositiveInt], Field(min_length=1)]
    bootstrap: PositiveInt
    seed: Seed

    def fit(self, params: Params) -> None:
        """Check that there are such networks, and galaxies enough.

        Raises:
            ValueError: there are not.
        """
        for name, free in self.networks.items():
            if not params.network(name).architecture.marginal:
                raise ValueError(f"frontier.networks.{name} has mass and dust not in closed form; take another network")
            if unknown := set(free) - set(self.free):
                raise ValueError(f"frontier.networks.{name} names {min(unknown)}, frontier.free does not; add it there")
        most = max(self.mixtures.galaxies, self.nautilus.galaxies, self.batch)
        if self.galaxies < most or self.nautilus.timed > self.batch:
            raise ValueError(f"frontier.galaxies is below what methods ask for; raise it to {most} or above")
