"""Settings: Prospector's likelihood along the draws of spectra."""

from typing import ClassVar

from pydantic import PositiveFloat, PositiveInt

from digs.config.model import Section, Seed


class GeneralProspectorSettings(Section):
    section: ClassVar = "general_prospector"

    galaxies: PositiveInt
    draws: PositiveInt  # of each, at which Prospector is called
    signal: PositiveFloat  # signal-to-noise per 40 Angstrom
    first: PositiveFloat  # Angstrom
    last: PositiveFloat
    pixels: PositiveInt
    sigma_kms: PositiveFloat
    redshift: PositiveFloat
    bar: PositiveFloat  # nat, standard deviation of the difference
    seed: Seed
