"""What follows from theta: a galaxy's masses, star formation rates, ages and spectral indices, and what each means."""

from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor

from digs.base.errors import DigsError
from digs.base.inputs import in_order, read_tensor
from digs.config.theta import NAMES, Meaning
from digs.physics.formation import formation_quantities
from digs.physics.spectral_indices import SpectralIndices

_RATE = r"$M_\odot\,{\rm yr}^{-1}$"


@dataclass(frozen=True)
class DerivedMeaning(Meaning):
    """What a derived quantity is: its name, label (LaTeX), unit (LaTeX) and meaning in words.

    scale: of an axis that shows it: "linear", "log", or "asinh" where it spans orders of magnitude on both sides of 0.
    """

    scale: Literal["linear", "log", "asinh"] = "linear"


DERIVED = (
    DerivedMeaning("surviving_mass", r"$M_\star$", r"$M_\odot$", "Mass of living stars and remnants", "log"),
    DerivedMeaning("sfr", r"${\rm SFR}$", _RATE, "Star formation rate now", "log"),
    DerivedMeaning("sfr_10", r"${\rm SFR}_{10}$", _RATE, "Star formation rate averaged over the last 10 Myr", "log"),
    DerivedMeaning("sfr_100", r"${\rm SFR}_{100}$", _RATE, "Star formation rate averaged over the last 100 Myr", "log"),
    DerivedMeaning("ssfr", r"${\rm sSFR}$", r"${\rm yr}^{-1}$", "Star formation rate now by surviving mass", "log"),
    DerivedMeaning("age", r"$\langle t\rangle_M$", "Gyr", "Age averaged over the mass formed"),
    DerivedMeaning("t50", r"$t_{50}$", "Gyr", r"Time since 50\% of the mass had formed"),
    DerivedMeaning("t90", r"$t_{90}$", "Gyr", r"Time since 90\% of the mass had formed"),
    DerivedMeaning("dn4000", r"$D_n4000$", "", r"Break at 4000\,\AA, with dust"),
    DerivedMeaning(
        "halpha_width", r"${\rm EW}({\rm H}\alpha)$", "Å", r"Equivalent width of H$\alpha$, with dust", "asinh"
    ),
)


def derived_quantities(theta: Any, indices: SpectralIndices | None = None) -> dict[str, Tensor]:
    """Return what follows from theta, by the names of DERIVED and in their units, each of shape (N,), float64.

    surviving_mass is that of stars and remnants. sfr is the star formation rate now; sfr_10 and sfr_100 are averages
    over 10 and 100 Myr, even of a galaxy that is younger. ssfr is sfr by surviving_mass. age is weighted by the mass
    formed; t50 and t90 are how long ago 50 and 90 percent of it had formed. These eight are in closed form. dn4000 and
    halpha_width are measured on the spectrum, dust and gas included (digs.physics.spectral_indices). All are
    differentiable.

    Args:
        theta: a tensor, array or list, shape (N, 5), or (N, 7) with indices of free gas, in units as
            digs.PARAMETERS; the history is delayed tau.
        indices: to be kept where many calls follow, as to make it takes a moment; by default of the stored gas.
    Raises:
        DigsError: as of Simulator.

    Example:
        >>> from digs.physics import derived_quantities
        >>> found = derived_quantities([[10.5, -0.4, 0.6, 1.6, -0.9]])
        >>> len(found), round(found["t50"].item(), 2)
        (10, 1.39)
    """
    indices = SpectralIndices() if indices is None else indices
    if not isinstance(indices, SpectralIndices):
        raise DigsError(f"The indices are of type '{type(indices).__name__}'; give a SpectralIndices.")
    names = indices.simulator.names
    if names[: len(NAMES)] != NAMES:
        raise DigsError(f"The indices are of galaxies with {', '.join(names)}; give some of a DelayedTau history.")
    theta = read_tensor(in_order(theta, names), "The values of theta")
    of_spectrum = indices(theta)  # which checks theta
    of_history = formation_quantities(theta.cpu(), indices.populations)
    return {name: values.to(theta.device) for name, values in of_history.items()} | of_spectrum
