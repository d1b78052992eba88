"""Settings: the audit of the network that Khullar et al. (2022) have released."""

from typing import ClassVar

from pydantic import PositiveInt

from digs.config.model import Section, Seed


class ReleasedNetworkSettings(Section):
    section: ClassVar = "released_network"

    pairs: PositiveInt  # exact ones, for the loss
    spectra: PositiveInt  # of each kind, for calibration and widths
    draws: PositiveInt  # for each of them
    galaxy_draws: PositiveInt  # for the galaxy of Fig. 3
    exact_galaxies: PositiveInt  # whose exact posteriors are found as well
    exact_draws: PositiveInt
    bootstrap: PositiveInt
    seed: Seed
