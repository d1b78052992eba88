"""The prior of real galaxies: a box in named columns of theta, whose ages end with that of the universe."""

from collections.abc import Mapping
from math import log10

import torch
from astropy.cosmology import WMAP9
from torch import Tensor

from digs.base.errors import DigsError
from digs.physics.prior import Prior

RANGES = {
    "logmass": (6.0, 13.0),  # dex(Msun), formed
    "logzsol": (-2.0, 0.3),  # dex
    "dust2": (0.0, 4.0),  # optical depth at 5500 Angstrom
    "tage": (0.01, 13.8),  # Gyr
    "logtau": (-1.0, 1.0),  # dex(Gyr)
    "gas_logz": (-1.3, 0.3),  # dex, FSPS's tables
    "gas_logu": (-4.0, -1.0),  # dex, likewise
    "logdispersion": (log10(30.0), log10(1300.0)),  # dex(km/s)
}


class WidePrior(Prior):
    """Uniform in all columns of theta.

    Args:
        names: the columns of theta.
        redshift: of the galaxy, which is no older than the universe is there (WMAP9).
        ranges: by name, those that shall differ from RANGES; also of columns that RANGES does not name.
    Raises:
        DigsError: a column has no range, or an empty one; the universe is younger than the youngest galaxy.

    Example:
        >>> import torch
        >>> from digs.physics.linear import WidePrior
        >>> prior = WidePrior(("logmass", "tage"), redshift=2.0, ranges={"logmass": (8.0, 12.0)})
        >>> prior.high.numpy().round(1).tolist()
        [12.0, 3.3]
        >>> prior.contains(prior.sample(5, torch.Generator().manual_seed(1))).all().item()
        True
    """

    def __init__(
        self, names: tuple[str, ...], redshift: float = 0.0, ranges: Mapping[str, tuple[float, float]] | None = None
    ):
        known = RANGES | dict(ranges or {})
        unknown = [name for name in names if name not in known]
        if unknown:
            raise DigsError(f"The prior has no range of '{unknown[0]}'; give one in ranges.")
        self.names = tuple(names)
        super().__init__(*zip(*(known[name] for name in names), strict=True))
        if "tage" in names:
            place, universe = names.index("tage"), WMAP9.age(redshift).to_value("Gyr")
            self.high[place] = min(self.high[place].item(), universe)
        for name, low, high in zip(names, self.low.tolist(), self.high.tolist(), strict=True):
            if not low < high:
                raise DigsError(f"The prior's range of '{name}' is empty, {low:g} to {high:g}; give another.")

    def sample(self, number: int, generator: torch.Generator) -> Tensor:
        """Draw theta, shape (number, columns), float64, on the generator's device."""
        unit = torch.rand(number, len(self.names), generator=generator, dtype=torch.float64, device=generator.device)
        return self.from_unit(unit)
