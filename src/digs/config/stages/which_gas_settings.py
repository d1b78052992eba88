"""Settings: which gas the released network of Khullar et al. (2022) was trained with."""

from typing import ClassVar

from pydantic import PositiveFloat

from digs.config.model import Section, Spectrum
from digs.config.params import Params


class WhichGasSettings(Section):
    section: ClassVar = "which_gas"

    wavelength: tuple[PositiveFloat, PositiveFloat]  # of their first and last pixel, Angstrom
    bar: PositiveFloat  # dex: largest rms difference from their mean spectrum that counts as agreement

    def spectrum(self, params: Params) -> Spectrum:
        """Return the section `spectrum` with their pixels."""
        start, stop = self.wavelength
        return params.spectrum.model_copy(update={"wavelength_start": start, "wavelength_stop": stop})
