"""A spectrograph as a linear map: pixels, line-spread function, and wavelengths in air or vacuum."""

from typing import Any, Literal

import numpy as np
from astropy import constants
from scipy.sparse import csr_array, issparse

from digs.base.errors import DigsError
from digs.base.inputs import read_array
from digs.physics.air import air_to_vacuum
from digs.physics.line_spread import REACH, line_matrix, pixel_matrix

_C_KMS = constants.c.to_value("km / s")


_FWHM = 2 * np.sqrt(2 * np.log(2))  # of a Gaussian of dispersion 1


Medium = Literal["vacuum", "air"]


_WIDEST = 0.05  # of a pixel, in ln lambda


_BROADEST = 3000.0  # km/s, the dispersion of a line-spread function beyond which dust varies within it


_MOST_SUM = 1.05  # of a row of a resolution matrix


class Instrument:
    """What a spectrograph makes of a spectrum: the pixels and the line-spread function.

    The populations have a resolution of their own: with MILES 2.54 Angstrom FWHM from 3525 to 7500 Angstrom, and
    elsewhere some 500 to 1740 km/s. Either `sigma_kms` is a dispersion that is applied on top of it, as Prospector
    does; nothing is subtracted, and lines, which FSPS makes as wide as two of its wavelengths, come out wider than it.
    Or `resolution` is the total one, from which the populations' own is subtracted in quadrature; or it is a matrix,
    which acts on the pixels of the populations as they are. Photons are spread: the convolution is that of L_nu in
    ln lambda. With neither the populations' own resolution is kept.

    Args:
        wavelength: centres of the pixels, ascending, in the observed frame: numbers in Angstrom, or with a unit.
        sigma_kms: dispersion in km/s on top of the populations' own: a number, or one for each pixel.
        resolution: total lambda / FWHM, a number or one for each pixel; or a matrix, shape (pixels, pixels).
        medium: "vacuum" or "air", in which the wavelengths are given.
        integrate: whether a pixel has the mean between its edges, which lie midway between centres; else it has the
            value at its centre.
    Raises:
        DigsError: the wavelengths descend, repeat or are no numbers; a dispersion or resolution is negative.

    Example:
        >>> import numpy as np
        >>> from digs.physics.instrument import Instrument
        >>> sdss = Instrument(np.geomspace(3800, 9200, 3840), sigma_kms=150)
        >>> sdss.pixels
        3840
    """

    def __init__(
        self,
        wavelength: Any,
        sigma_kms: Any = None,
        resolution: Any = None,
        medium: Medium = "vacuum",
        integrate: bool = True,
    ):
        if not isinstance(integrate, bool | np.bool_):
            raise DigsError(f"integrate is of type '{type(integrate).__name__}'; give True or False.")
        self.wavelength = _wavelengths(wavelength, 2 if integrate else 1)
        self.medium = _medium(medium)
        centre = self.wavelength
        middle = (centre[1:] + centre[:-1]) / 2
        ends = np.array([2 * centre[0] - middle[0], 2 * centre[-1] - middle[-1]]) if integrate else np.empty(2)
        self._set(np.concatenate([ends[:1], middle, ends[1:]]) if integrate else None, sigma_kms, resolution)

    @classmethod
    def from_edges(
        cls, edges: Any, sigma_kms: Any = None, resolution: Any = None, medium: Medium = "vacuum"
    ) -> "Instrument":
        """Return the instrument whose pixels lie between neighbouring edges and are integrated over.

        Args:
            edges: ascending, one more than there are pixels, as the wavelengths of Instrument.
            sigma_kms, resolution, medium: as of Instrument.
        Raises:
            DigsError: as Instrument.
        """
        instrument = cls.__new__(cls)
        edges = _wavelengths(edges, 2)
        instrument.wavelength = (edges[1:] + edges[:-1]) / 2
        instrument.medium = _medium(medium)
        instrument._set(edges, sigma_kms, resolution)
        return instrument

    def _set(self, edges: np.ndarray | None, sigma_kms: Any, resolution: Any) -> None:
        if sigma_kms is not None and resolution is not None:
            raise DigsError("The instrument has both sigma_kms and resolution; give one of them.")
        self.edges = edges
        if edges is not None:
            _check_widths(edges)
        self.matrix = None  # that acts on pixels
        if issparse(resolution) or _axes(resolution) == 2:
            self.matrix = self._resolution_matrix(resolution)
            resolution = None
        self.sigma_kms = None if sigma_kms is None else self._per_pixel(sigma_kms, "sigma_kms", "km / s", 0.0)
        self.resolution = None if resolution is None else self._per_pixel(resolution, "resolution", "", 1.0)
        for array in (self.wavelength, self.edges):  # from which the rest follows
            if array is not None:
                array.setflags(write=False)

    def _resolution_matrix(self, given: Any) -> csr_array:
        if issparse(given):
            matrix = csr_array(given, shape=given.shape)
            matrix.data = _numbers(matrix.data, "The values of the resolution matrix", "")
        else:
            matrix = csr_array(_numbers(given, "The values of the resolution matrix", ""))
        if matrix.shape != (self.pixels, self.pixels) or not np.isfinite(matrix.data).all():
            raise DigsError(
                f"The resolution matrix has shape {matrix.shape} or values that are not finite; make it of finite "
                f"numbers, one row and one column for each of the {self.pixels} pixels."
            )
        sums = matrix.sum(1)
        if not ((sums > 0) & (sums < _MOST_SUM)).all():
            row = int(np.argmax(~((sums > 0) & (sums < _MOST_SUM))))
            raise DigsError(
                f"The resolution matrix has rows that do not share out the light: row {row} sums to {sums[row]:g}; "
                "scale them to 1 or, at the ends, less."
            )
        return matrix

    def _per_pixel(self, given: Any, name: str, unit: str, least: float) -> np.ndarray:
        values = _numbers(given, f"The values of {name}", unit)
        if values.ndim > 1 or values.size not in (1, self.pixels):
            raise DigsError(f"{name} has shape {values.shape}; give one number, or one for each pixel.")
        bad = ~(np.isfinite(values) & (values >= least))
        if bad.any():
            raise DigsError(f"{name} has the value {values[bad].flat[0]:g}; give finite numbers of {least:g} or more.")
        return np.broadcast_to(values, self.pixels)

    @property
    def pixels(self) -> int:
        """Return how many pixels there are."""
        return len(self.wavelength)

    def response(self, native: np.ndarray, library_kms: np.ndarray, redshift: float) -> csr_array:
        """Return the matrix, shape (pixels, n), that makes rest-frame L_lambda in the pixels of L_nu.

        Args:
            native: wavelengths of the populations, rest frame and vacuum, in Angstrom, ascending, shape (n,).
            library_kms: the populations' own dispersion there, of either sign.
            redshift: of the galaxy.
        Raises:
            DigsError: a pixel, or what the line-spread function brings to it, lies outside the populations; the
                instrument is finer than they are.
        """
        centre, ends = self._rest(redshift)
        dispersion = self._dispersion(centre, native, np.abs(library_kms))
        low, high = (centre, centre) if ends is None else ends
        first, last = (low * np.exp(-REACH * dispersion)).min(), (high * np.exp(REACH * dispersion)).max()
        if first < native[0] or last > native[-1]:
            raise DigsError(
                f"At redshift {redshift:g} the instrument sees {first:.0f} to {last:.0f} Angstrom of the rest frame, "
                f"line-spread function included, but the populations have {native[0]:.0f} to {native[-1]:.0f}; leave "
                "out the pixels beyond."
            )
        response = pixel_matrix(native, centre, ends, dispersion)
        return response if self.matrix is None else csr_array(self.matrix @ response)

    def rest_wavelength(self, redshift: float) -> np.ndarray:
        """Return the pixels' centres in the galaxy's rest frame, in vacuum, shape (pixels,)."""
        return self._rest(redshift)[0]

    def line_response(self, lines: np.ndarray, redshift: float) -> np.ndarray | None:
        """Return L_lambda in pixels, shape (pixels, lines), of lines of luminosity 1 at the total resolution.

        None where that is not given: lines are then as wide as in the populations, on top of which comes sigma_kms.

        Args:
            lines: their wavelengths, rest frame and vacuum, in Angstrom.
            redshift: of the galaxy.
        """
        if self.resolution is None:
            return None
        return line_matrix(lines, *self._rest(redshift), 1 / (self.resolution * _FWHM))

    def _rest(self, redshift: float) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray] | None]:
        """Centres and edges in the rest frame and in vacuum."""
        vacuum = air_to_vacuum if self.medium == "air" else np.asarray
        centre = vacuum(self.wavelength) / (1 + redshift)
        if self.edges is None:
            return centre, None
        edges = vacuum(self.edges) / (1 + redshift)
        return centre, (edges[:-1], edges[1:])

    def _dispersion(self, centre: np.ndarray, native: np.ndarray, library_kms: np.ndarray) -> np.ndarray:
        """Of what is applied to the populations, in ln lambda, shape (pixels,)."""
        if self.sigma_kms is not None:
            return _narrow(self.sigma_kms / _C_KMS)
        if self.resolution is None:
            return np.zeros(self.pixels)
        own = np.interp(centre, native, library_kms) / _C_KMS
        squared = (1 / (self.resolution * _FWHM)) ** 2 - own**2
        if (squared < 0).any():
            worst = int(squared.argmin())
            raise DigsError(
                f"The instrument's resolution {self.resolution[worst]:g} at {self.wavelength[worst]:.0f} Angstrom is "
                f"finer than the populations' {1 / (own[worst] * _FWHM):.0f} there; leave out such pixels, or give "
                "the dispersion that is to be added as sigma_kms."
            )
        return _narrow(np.sqrt(squared))


def _narrow(dispersion: np.ndarray) -> np.ndarray:
    """The dispersion, if dust hardly varies within it."""
    if (_C_KMS * dispersion > _BROADEST * (1 + 1e-9)).any():
        raise DigsError(
            f"The line-spread function has a dispersion of {_C_KMS * dispersion.max():.0f} km/s, within which dust "
            f"varies; the simulator is made for {_BROADEST:.0f} km/s or less."
        )
    return dispersion


def _axes(given: Any) -> int:
    """How many axes a resolution has; of lists of different lengths, two, for the door to refuse."""
    try:
        return np.ndim(given)
    except ValueError:
        return 2


def _check_widths(edges: np.ndarray) -> None:
    """That dust hardly varies within a pixel, where it is taken at the centre."""
    width = np.diff(np.log(edges))
    if (width > _WIDEST).any():
        place = int(width.argmax())
        raise DigsError(
            f"The pixel from {edges[place]:.0f} to {edges[place + 1]:.0f} Angstrom is so wide that dust varies within "
            f"it; make pixels of {100 * _WIDEST:g}% of the wavelength or less, and average them."
        )


def _medium(given: Any) -> Medium:
    if not (isinstance(given, str) and given in ("vacuum", "air")):
        raise DigsError(f"The medium is {given!r}; give 'vacuum' or 'air'.")
    return given


def _numbers(given: Any, name: str, unit: str) -> np.ndarray:
    """Numbers in a unit, float64; without a unit they are taken to be in it."""
    found = read_array(given, name)
    values = found.values.astype(float)
    if found.masked.any():
        raise DigsError(f"{name} are masked in part; hand in those alone that hold.")
    if found.unit is None:
        return values
    from astropy import units

    try:
        return (values * found.unit).to_value(unit)
    except (units.UnitConversionError, TypeError, AttributeError):
        wanted = unit or "1"
        raise DigsError(f"{name} have the unit '{found.unit}'; convert them to '{wanted}'.") from None


def _wavelengths(given: Any, least: int) -> np.ndarray:
    """Wavelengths in Angstrom that ascend."""
    values = _numbers(given, "The wavelengths", "Angstrom")
    if values.ndim != 1 or values.size < least:
        raise DigsError(f"The wavelengths have shape {values.shape}; give a list of {least} or more.")
    bad = ~(np.isfinite(values) & (values > 0))
    if bad.any():
        raise DigsError(f"The wavelengths hold {values[bad][0]:g}; give finite numbers above 0.")
    step = np.diff(values)
    if (step <= 0).any():
        place = int(np.argmax(step <= 0))
        how = "repeat" if step[place] == 0 else "descend"
        raise DigsError(
            f"The wavelengths {how} after {values[place]:g} Angstrom; sort them, each once, with their fluxes."
        )
    return values
