"""What the engine assumes and how hard it tries."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import floor
from typing import Any, Literal

from astropy import constants

from digs.base.errors import DigsError
from digs.base.inputs import real_number, whole_number
from digs.exact.normal.nuisances import Nuisances
from digs.physics.linear.wide_prior import RANGES

HistoryKind = Literal["delayed tau", "binned"]
HISTORIES = ("delayed tau", "binned")

_C_KMS = constants.c.to_value("km / s")
_MOST_SHIFTED = 50.0  # km/s of the redshift's error, beyond which a shifted line is not itself and its slope


@dataclass(frozen=True)
class EngineSettings:
    """The model of a galaxy and the effort for its posterior.

    history: "delayed tau", or "binned": constant rates in seven bins of lookback time (Leja et al. 2019), for galaxies
        that delayed tau cannot make.
    free_gas: whether the gas has a metallicity of its own; else it has that of the stars.
    dispersion: of stars and gas in km/s, where it is known; by default it is a parameter.
    nuisances: what is uncertain about the data beside their noise.
    ranges: of the prior, by name, those that shall differ from digs.physics.linear.wide_prior.RANGES.
    effective: how many of the draws are to be effective.
    calls: of the likelihood, after which emcee takes over.
    walk: steps of emcee, after a quarter as many of burn-in, and twice as many where they are too few; where no network
        knows the model it walks always. 0 to do without it.
    bank: how many templates the first guesses come from.
    significance: the least probability of chi-squared of the best fit; below it the galaxy is outside the model.
    network: whether the general network makes the first proposal, where it has learnt the model; else templates do.

    Raises:
        DigsError: a setting is of the wrong kind or size.

    Example:
        >>> from digs.inference.engine.engine_settings import EngineSettings
        >>> EngineSettings(dispersion=150.0).effective
        500
    """

    history: HistoryKind = "delayed tau"
    free_gas: bool = True
    dispersion: float | None = None
    nuisances: Nuisances = field(default_factory=Nuisances)
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    effective: int = 500
    calls: int = 20_000
    walk: int = 4000
    bank: int = 20_000
    significance: float = 0.01
    network: bool = True

    def __post_init__(self):
        if self.history not in HISTORIES:
            raise DigsError(f"The history is {str(self.history)[:40]!r}; choose from: {', '.join(HISTORIES)}.")
        if self.dispersion is not None:
            real_number(self.dispersion, "The velocity dispersion", 0.0)
        for name, least in (("effective", 1), ("calls", 0), ("walk", 0), ("bank", 100)):
            whole_number(getattr(self, name), f"The setting '{name}'", least)
        for name in self.ranges:
            if name not in RANGES:
                raise DigsError(f"The model has no column {str(name)[:40]!r} for a range; choose: {', '.join(RANGES)}.")
        if not 0 <= real_number(self.significance, "The significance", 0.0) < 1:
            raise DigsError(f"The significance is {self.significance:g}; give a probability below 1.")

    def check_redshift(self, redshift: float) -> None:
        """Refuse a galaxy whose redshift has an error that is too large for the shift to be taken to first order.

        Args:
            redshift: of the galaxy.
        Raises:
            DigsError: the error that the nuisances have is above 50 km/s there.
        """
        error = self.nuisances.redshift
        if _C_KMS * error / (1 + redshift) > _MOST_SHIFTED:
            most = floor(1e6 * _MOST_SHIFTED * (1 + redshift) / _C_KMS) / 1e6
            raise DigsError(
                f"The error of the redshift is {error:g}, more than the {_MOST_SHIFTED:.0f} km/s up to which it is "
                f"taken to first order; give {most:g} or less at redshift {redshift:g}, or measure the redshift better."
            )

    def plain(self) -> dict[str, Any]:
        """Return the settings as JSON takes them."""
        return asdict(self) | {"ranges": {name: list(ends) for name, ends in sorted(self.ranges.items())}}
