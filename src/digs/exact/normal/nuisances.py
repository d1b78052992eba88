r"""What is uncertain about a real spectrum beside its noise; all of it Gaussian, and a sum of a few modes.

With the model m in the pixels, the data have the covariance

    C = diag(sigma^2) + m m^T * [ \sum_k a_k^2 T_k T_k^T + f^2 W W^T ] + \sum_j (s M l_j)^2 L_j L_j^T + z^2 m' m'^T

(* pixel by pixel) with Chebyshev polynomials T_k over the range of the data, for the flux calibration; cosine windows
W, for an error floor of the populations that is correlated over a few tens of Angstrom; the lines L_j, each of which
scatters around the luminosity M l_j that the model gives it; and m', the change of m with redshift.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.polynomial import chebyshev
from scipy.sparse import csr_array, diags_array, hstack

from digs.base.errors import DigsError
from digs.base.inputs import real_number, whole_number


@dataclass(frozen=True)
class Nuisances:
    """Standard deviations of what is uncertain; 0 switches one off.

    calibration: of each smooth mode of the flux calibration, relative, at its largest. All modes together have an rms
        of 1.7 times as much.
    modes: how many there are: the Chebyshev polynomials of degree 1 to `modes`.
    level: of the absolute flux, relative. It cannot be told from the mass: without it, the mass is that of the flux as
        given.
    floor: of the populations, relative.
    correlation: Angstrom in the rest frame, over which the populations' errors are alike.
    lines: of each emission line around the model's, relative.
    redshift: of the redshift itself, whose shift is taken to first order: the model and its slope. It holds for errors
        up to 50 km/s, c * redshift / (1 + z); digs.infer refuses larger ones.

    Example:
        >>> from digs.exact.normal import Nuisances
        >>> Nuisances(calibration=0.03).modes
        6
    """

    calibration: float = 0.025
    modes: int = 6
    level: float = 0.0
    floor: float = 0.01
    correlation: float = 40.0
    lines: float = 0.2
    redshift: float = 0.0

    def __post_init__(self):
        for field in fields(self):
            check = whole_number if field.name == "modes" else real_number
            check(getattr(self, field.name), f"The nuisance '{field.name}'", 0)
        if self.correlation == 0:
            raise DigsError("The nuisance 'correlation' is 0; give the Angstrom over which errors are alike.")

    @classmethod
    def none(cls) -> "Nuisances":
        """Return those of a perfect spectrum, whose noise is all there is."""
        return cls(calibration=0.0, modes=0, floor=0.0, lines=0.0)


def calibration_modes(nuisances: Nuisances, wavelength: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return the modes of the calibration, times their standard deviations, shape (places, modes).

    Args:
        wavelength: of the pixels, ascending, over whose range they are defined.
        at: where they are wanted, shape (places,); what lies beyond the range counts as its end.
    """
    first, last = wavelength[0], wavelength[-1]
    x = (2 * (at - first) / ((last - first) or 1.0) - 1).clip(-1, 1)
    sizes = np.array([nuisances.level, *[nuisances.calibration] * nuisances.modes])
    return (chebyshev.chebvander(x, nuisances.modes) * sizes)[:, sizes > 0]


def relative_modes(nuisances: Nuisances, wavelength: np.ndarray) -> csr_array:
    """Return the modes that multiply the model, times their standard deviations, shape (pixels, modes).

    Args:
        wavelength: of the pixels in the rest frame, ascending, in Angstrom, shape (pixels,).

    Example:
        >>> import numpy as np
        >>> from digs.exact.normal.nuisances import Nuisances, relative_modes
        >>> modes = relative_modes(Nuisances(calibration=0.0, modes=0), np.linspace(4000, 5000, 900))
        >>> np.allclose(np.sqrt((modes.toarray() ** 2).sum(1)), 0.01)  # everywhere the same
        True
    """
    parts = [csr_array(calibration_modes(nuisances, wavelength, wavelength))]
    if nuisances.floor > 0:
        place = (wavelength - wavelength[0]) / nuisances.correlation
        window = place.astype(int)
        angle = (place - window) * np.pi / 2  # the squares of neighbouring windows add up to 1
        value = nuisances.floor * np.concatenate([np.cos(angle), np.sin(angle)])
        pixel = np.tile(np.arange(len(wavelength)), 2)
        parts.append(csr_array((value, (pixel, np.concatenate([window, window + 1])))))
    return csr_array(hstack(parts))


def covariance_modes(
    model: np.ndarray, relative: csr_array, wavelength: np.ndarray, redshift: float, nuisances: Nuisances
) -> csr_array:
    """Return the modes of the covariance, the lines' aside, shape (pixels, modes).

    Args:
        model: that calibration, floor and redshift change, shape (pixels,).
        relative: of relative_modes.
        wavelength: of the pixels in the rest frame, shape (pixels,).
        redshift: of the galaxy.
        nuisances: of which the error of the redshift counts.
    """
    modes = csr_array(diags_array(model) @ relative)
    if nuisances.redshift == 0:
        return modes
    change = -np.gradient(model, np.log(wavelength)) * nuisances.redshift / (1 + redshift)
    return csr_array(hstack([modes, csr_array(change[:, None])]))
