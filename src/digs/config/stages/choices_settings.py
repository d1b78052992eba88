"""Settings: exact posteriors for other pixels, resolution and noise."""

from typing import Annotated, Any, ClassVar

from pydantic import (
    Field,
    PositiveInt,
    ValidationError,
)

from digs.config.model import Section, Seed, Spectrum
from digs.config.params import Params, first_mistake, overlay


class ChoicesSettings(Section):
    section: ClassVar = "choices"

    galaxies: PositiveInt
    spectra: Annotated[dict[str, dict[str, Any]], Field(min_length=1)]  # changes of the section spectrum
    draws: PositiveInt
    bootstrap: PositiveInt
    seed: Seed

    def spectrum(self, name: str, params: Params) -> Spectrum:
        """Return the section `spectrum` with one of the other choices."""
        return Spectrum.model_validate(overlay(params.spectrum.model_dump(), self.spectra[name]))

    def fit(self, params: Params) -> None:
        """Check that the choices change no more than they may.

        Raises:
            ValueError: one does.
        """
        for name in self.spectra:
            try:
                spectrum = self.spectrum(name, params)
            except ValidationError as error:
                raise ValueError(f"choices.spectra.{name}: {first_mistake(error)}") from None
            if (spectrum.pixels, spectrum.zred) != (params.spectrum.pixels, params.spectrum.zred):
                raise ValueError(f"choices.spectra.{name} changes pixels or zred, and may not; remove that")
        if self.galaxies > params.reference.galaxies:
            most = params.reference.galaxies
            raise ValueError(f"choices.galaxies is above reference.galaxies; lower it to {most} or below")
