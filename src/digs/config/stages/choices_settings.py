"""Settings: exact posteriors for other pixels, resolution, gas and noise."""

from typing import Annotated, Any, ClassVar

from pydantic import (
    Field,
    PositiveInt,
    ValidationError,
)

from digs.config.model import NebularGas, Section, Seed, Spectrum
from digs.config.params import Params, first_mistake, overlay


class Variant(Section):
    """What differs from `spectrum` and `gas`, and whether pixels are integrated over instead of sampled."""

    spectrum: dict[str, Any] = Field(default_factory=dict)
    gas: dict[str, Any] = Field(default_factory=dict)
    integrate: bool = False


class ChoicesSettings(Section):
    section: ClassVar = "choices"

    galaxies: PositiveInt
    variants: Annotated[dict[str, Variant], Field(min_length=1)]
    draws: PositiveInt
    effective: PositiveInt
    bootstrap: PositiveInt
    seed: Seed

    def spectrum(self, name: str, params: Params) -> Spectrum:
        """Return the section `spectrum` with one of the other choices."""
        return Spectrum.model_validate(overlay(params.spectrum.model_dump(), self.variants[name].spectrum))

    def gas(self, name: str, params: Params) -> NebularGas:
        """Return the section `gas` with one of the other choices."""
        return NebularGas.model_validate(overlay(params.gas.model_dump(), self.variants[name].gas))

    def fit(self, params: Params) -> None:
        """Check that the choices change no more than they may.

        Raises:
            ValueError: one does.
        """
        for name in self.variants:
            try:
                spectrum, gas = self.spectrum(name, params), self.gas(name, params)
            except ValidationError as error:
                raise ValueError(f"choices.variants.{name}: {first_mistake(error)}") from None
            if (spectrum.pixels, spectrum.zred) != (params.spectrum.pixels, params.spectrum.zred):
                raise ValueError(f"choices.variants.{name} changes pixels or zred, and may not; remove that")
            if gas.logu != params.gas.logu:
                raise ValueError(f"choices.variants.{name} changes logu, and may not; remove that")
        if self.effective >= self.draws:
            raise ValueError(f"choices.effective is not below choices.draws; lower it below {self.draws}")
        if self.galaxies > params.reference.galaxies:
            most = params.reference.galaxies
            raise ValueError(f"choices.galaxies is above reference.galaxies; lower it to {most} or below")
