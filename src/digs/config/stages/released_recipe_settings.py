"""Settings: a network trained as the released code of Khullar et al. (2022) does it."""

from typing import ClassVar

from pydantic import PositiveFloat, PositiveInt

from digs.config.model import Fraction, Section, Seed, Spectrum
from digs.config.params import Params


class ReleasedRecipeSettings(Section):
    section: ClassVar = "released_recipe"

    wavelength: tuple[PositiveFloat, PositiveFloat]  # of their first and last pixel, Angstrom
    pairs: PositiveInt  # looked up, once and for all
    validation_fraction: Fraction
    units: PositiveInt
    transforms: PositiveInt
    batch_size: PositiveInt
    learning_rate: PositiveFloat
    clip_norm: PositiveFloat
    patience: PositiveInt  # epochs without a lower held-out loss, after which training ends
    epochs: PositiveInt  # at most
    seed: Seed

    def spectrum(self, params: Params) -> Spectrum:
        """Return the section `spectrum` with their pixels."""
        start, stop = self.wavelength
        return params.spectrum.model_copy(update={"wavelength_start": start, "wavelength_stop": stop})
