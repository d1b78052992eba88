"""Settings: Prospector's library and test set, and the galaxy of Fig. 3."""

from typing import ClassVar

import numpy as np
from pydantic import (
    PositiveInt,
)

from digs.config.model import Section, Seed
from digs.config.theta import NAMES


class LibrarySettings(Section):
    section: ClassVar = "library"

    size: PositiveInt
    test_size: PositiveInt
    seed: Seed
    processes: PositiveInt


class GalaxySettings(Section):
    section: ClassVar = "galaxy"

    logmass: float
    logzsol: float
    dust2: float
    tage: float
    logtau: float
    seed: Seed

    @property
    def theta(self) -> np.ndarray:
        """Return theta of the galaxy of Fig. 3 of Khullar et al. (2022), shape (5,)."""
        return np.array([getattr(self, name) for name in NAMES])
