r"""The spectrum of a galaxy in given pixels as a matrix: one column for each shape, one for each line.

    F_lambda = M [ A c(theta) + L l(theta) ]

with the mass M in solar masses, and c and l of digs.physics.linear.spectrum_coefficients. Shapes have dust in them, so
that the line-spread function comes after it, as in nature.

The populations have a dispersion of their own, o. What is added to it, with that of the galaxy, g, is in quadrature

    s^2 = i^2 + g^2          where the instrument's i is given on top of the populations' (sigma_kms)
    s^2 = i^2 + g^2 - o^2    where it is the total one (resolution), or i = 0 and a matrix follows, and g is not 0

Where the last is negative the populations are too coarse for these data: nothing is added there, and `coarse` says so.
Lines have no width of their own but where g is 0 and the instrument's dispersion is on top of the populations':
there they are as wide as FSPS makes them, as in digs.Simulator.
"""

from dataclasses import dataclass

import numpy as np
import torch
from astropy import constants
from scipy.sparse import csr_array
from torch import Tensor

from digs.base.errors import DigsError
from digs.base.inputs import real_number
from digs.physics.distance import dimming
from digs.physics.instrument import Instrument
from digs.physics.linear.shapes import Shapes
from digs.physics.linear.spectrum_coefficients import SpectrumCoefficients
from digs.physics.stored_populations import StoredPopulations, stored_populations

_C_KMS = constants.c.to_value("km / s")


_FWHM = 2 * np.sqrt(2 * np.log(2))  # of a Gaussian of dispersion 1


_UNSEEN = 1e-20  # per Angstrom: what does not reach the pixels; a line inside of them has 1e-5 or more


@dataclass(frozen=True)
class LinearModel:
    """The matrices of an instrument at a redshift and dispersion; see the module.

    redshift, dispersion: of the galaxy, the latter in km/s.
    wavelength: of the pixels in the rest frame, in vacuum, in Angstrom, shape (pixels,).
    matrix: F_lambda in erg/s/cm^2/Angstrom of a solar mass, of the shapes and the lines, (pixels, shapes + lines).
    lines: which of the populations' lines these are, shape (lines,).
    line_wavelength: of these, in Angstrom.
    coarse: where the populations are too coarse, shape (pixels,).

    Example:
        >>> import numpy as np, torch
        >>> from digs.physics.instrument import Instrument
        >>> from digs.physics.linear import LinearModel, SpectrumCoefficients
        >>> sdss = Instrument(np.geomspace(3900, 6800, 2400), resolution=1900.0)
        >>> model = LinearModel.of(sdss, redshift=0.08, dispersion=200.0)
        >>> coefficients = SpectrumCoefficients().with_lines(model.lines)
        >>> model.flux(coefficients, torch.tensor([[10.0, -0.3, 0.5, 3.0, 0.4, -2.5]])).shape
        torch.Size([1, 2400])
    """

    redshift: float
    dispersion: float
    wavelength: np.ndarray
    matrix: np.ndarray
    lines: np.ndarray
    line_wavelength: np.ndarray
    coarse: np.ndarray

    @classmethod
    def of(
        cls,
        instrument: Instrument,
        redshift: float,
        dispersion: float = 0.0,
        line_dispersion: float | None = None,
        shapes: Shapes | None = None,
        stored: StoredPopulations | None = None,
    ) -> "LinearModel":
        """Return the model of a galaxy on an instrument.

        Args:
            instrument: the pixels and the line-spread function.
            redshift: above 0.
            dispersion: of the galaxy's stars, in km/s.
            line_dispersion: of its gas; by default that of the stars.
            shapes, stored: by default those of the products BASIS and POPULATIONS.
        Raises:
            DigsError: a number is negative or none; the instrument sees beyond the populations; a product is missing.
        """
        shapes = Shapes.stored() if shapes is None else shapes
        stored = stored_populations() if stored is None else stored
        redshift = real_number(redshift, "The redshift", 0.0)
        if redshift == 0.0:
            raise DigsError("The redshift is 0, at which there is no luminosity distance; give one above 0.")
        dispersion = real_number(dispersion, "The dispersion", 0.0)
        gas = dispersion if line_dispersion is None else real_number(line_dispersion, "The lines' dispersion", 0.0)
        populations = stored.product
        native = populations["wavelength"]
        rest = instrument.rest_wavelength(redshift)
        own = np.interp(rest, native, np.abs(populations["resolution"]))
        added, coarse = _added(instrument, dispersion, own)
        response = _with(instrument, sigma_kms=added).response(native, populations["resolution"], redshift)
        if instrument.matrix is not None:
            response = csr_array(instrument.matrix @ response)
        if gas == 0.0 and instrument.resolution is None:
            lines = response @ stored.profiles.T
        else:
            lines = _lines(instrument, gas, populations["line_wavelength"], redshift)
        seen = np.flatnonzero(lines.max(0) > _UNSEEN)
        matrix = np.concatenate([response @ shapes.shapes.T.astype(float), lines[:, seen]], 1) * dimming(redshift)
        return cls(redshift, dispersion, rest, matrix, seen, populations["line_wavelength"][seen], coarse)

    def flux(self, coefficients: SpectrumCoefficients, theta: Tensor) -> Tensor:
        """Return F_lambda in erg/s/cm^2/Angstrom, shape (N, pixels), float64.

        Args:
            coefficients: with the lines of this model.
            theta: shape (N, columns).
        """
        theta = theta.double()
        return 10 ** theta[:, :1] * (coefficients(theta) @ torch.as_tensor(self.matrix).T)


def _added(instrument: Instrument, dispersion: float, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The dispersion that is added to the populations' own, in km/s, and where they are too coarse, (pixels,)."""
    squared = np.full(instrument.pixels, dispersion**2)
    if instrument.sigma_kms is not None:
        squared += instrument.sigma_kms**2
    elif instrument.resolution is not None:
        squared += (_C_KMS / (instrument.resolution * _FWHM)) ** 2 - own**2
    elif dispersion > 0:
        squared -= own**2
    return np.sqrt(squared.clip(min=0.0)), squared < 0


def _with(instrument: Instrument, **spread: np.ndarray) -> Instrument:
    """The same pixels with another line-spread function."""
    if instrument.edges is None:
        return Instrument(instrument.wavelength, **spread, medium=instrument.medium, integrate=False)
    return Instrument.from_edges(instrument.edges, **spread, medium=instrument.medium)


def _lines(instrument: Instrument, dispersion: float, centres: np.ndarray, redshift: float) -> np.ndarray:
    """L_lambda in the pixels of lines of luminosity 1 and of the galaxy's dispersion in km/s, (pixels, lines)."""
    squared = np.full(instrument.pixels, dispersion**2)
    if instrument.sigma_kms is not None:
        squared += instrument.sigma_kms**2
    elif instrument.resolution is not None:
        squared += (_C_KMS / (instrument.resolution * _FWHM)) ** 2
    narrow = _with(instrument, resolution=_C_KMS / (np.sqrt(squared) * _FWHM))
    found = narrow.line_response(centres, redshift)
    return found if instrument.matrix is None else instrument.matrix @ found
