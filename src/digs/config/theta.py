"""The five parameters theta: their names, order, labels and units.

theta, shape (..., 5), is ordered as NAMES.
"""

from dataclasses import astuple, dataclass

from digs.base.errors import DigsError
from digs.config.model import PriorRanges


@dataclass(frozen=True)
class Meaning:
    """What one component of theta is: its name, label (LaTeX), unit and meaning in words."""

    name: str
    label: str
    unit: str
    description: str

    @property
    def axis_label(self) -> str:
        """Return the label with its unit, for the axes of figures."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


MEANINGS = (
    Meaning("logmass", r"$\log_{10} M/M_\odot$", "dex", "Stellar mass formed"),
    Meaning("logzsol", r"$\log_{10} Z/Z_\odot$", "dex", "Stellar metallicity"),
    Meaning("dust2", r"$\tau_{\lambda,2}$", "", r"Diffuse dust optical depth at 5500\,\AA"),
    Meaning("tage", r"$t_{\rm age}$", "Gyr", "Age since the onset of star formation"),
    Meaning("logtau", r"$\log_{10} \tau/{\rm Gyr}$", "dex", "e-folding time of the star formation history"),
)
NAMES: tuple[str, ...] = tuple(meaning.name for meaning in MEANINGS)


@dataclass(frozen=True)
class Parameter(Meaning):
    """A component of theta: its meaning and the ends of its prior range, in its unit.

    Example:
        >>> import digs
        >>> age = digs.PARAMETERS[3]
        >>> age.name, age.unit, age.low, age.high
        ('tage', 'Gyr', 0.01, 4.0)
    """

    low: float
    high: float


def parameters(ranges: PriorRanges) -> tuple[Parameter, ...]:
    """Return the five parameters with the given prior ranges, in the order of theta."""
    return tuple(Parameter(*astuple(meaning), *getattr(ranges, meaning.name)) for meaning in MEANINGS)


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
