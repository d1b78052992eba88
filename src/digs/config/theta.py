"""The five parameters theta: their names, order, labels and units.

theta, shape (..., 5), is ordered as NAMES.
"""

from dataclasses import dataclass

from digs.base.errors import DigsError
from digs.config.model import PriorRanges

_MEANINGS = {
    "logmass": (r"$\log_{10} M/M_\odot$", "dex", "Stellar mass formed"),
    "logzsol": (r"$\log_{10} Z/Z_\odot$", "dex", "Stellar (and gas) metallicity"),
    "dust2": (r"$\tau_{\lambda,2}$", "", r"Diffuse dust optical depth at 5500\,\AA"),
    "tage": (r"$t_{\rm age}$", "Gyr", "Age since the onset of star formation"),
    "logtau": (r"$\log_{10} \tau/{\rm Gyr}$", "dex", "e-folding time of the star formation history"),
}
NAMES: tuple[str, ...] = tuple(_MEANINGS)


@dataclass(frozen=True)
class Parameter:
    """One component of theta: its name, label (LaTeX), unit, meaning and prior range."""

    name: str
    label: str
    unit: str
    description: str
    low: float
    high: float

    @property
    def axis_label(self) -> str:
        """The label with its unit, for the axes of figures."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


def parameters(ranges: PriorRanges) -> tuple[Parameter, ...]:
    """Return the five parameters with the given prior ranges, in the order of theta."""
    return tuple(Parameter(name, *_MEANINGS[name], *getattr(ranges, name)) for name in NAMES)


def index(name: str) -> int:
    """Return the place of a parameter in theta.

    Raises:
        DigsError: no parameter has that name.
    """
    if name not in NAMES:
        raise DigsError(f"There is no parameter '{name}'; choose from: {', '.join(NAMES)}.")
    return NAMES.index(name)


MASS, DUST = index("logmass"), index("dust2")
REST = (index("logzsol"), index("tage"), index("logtau"))  # what mass and dust in closed form leave to be learned
