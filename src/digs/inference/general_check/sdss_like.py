"""Catalogues of made spectra as a survey has them: one spectrograph, many redshifts, dispersions and galaxies."""

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from digs.base.random_streams import generator, stream
from digs.exact.normal.spectrum_density import DISPERSION
from digs.physics.instrument import Instrument
from digs.physics.linear.linear_model import LinearModel
from digs.physics.linear.spectrum_coefficients import SpectrumCoefficients
from digs.physics.linear.wide_prior import WidePrior

_WINDOW = 40.0  # Angstrom, of a signal-to-noise
_LIGHT = "fibre"


@dataclass(frozen=True)
class SdssLike:
    """A survey.

    wavelength: of its pixels in Angstrom, shape (pixels,).
    sigma_kms: its dispersion on top of the populations' own.
    redshift: ends, uniform in its logarithm.
    signal: ends of the signal-to-noise per 40 Angstrom, uniform in its logarithm.
    ways: pairs of redshift and dispersion that galaxies share in turn.
    seed: of all random numbers.
    """

    wavelength: np.ndarray
    sigma_kms: float
    redshift: tuple[float, float]
    signal: tuple[float, float]
    ways: int
    seed: int

    def write(self, path: Path, galaxies: int, rows: int | None = None) -> None:
        """Write a catalogue in HDF5, which digs infer reads.

        Args:
            path: of the file.
            galaxies: that have a spectrum.
            rows: of the catalogue; galaxies are spread evenly among them, and the others have no number in any pixel.
        """
        rows = galaxies if rows is None else rows
        places = np.arange(galaxies) * rows // galaxies
        with h5py.File(path, "w") as file:
            file.attrs.update({"medium": "vacuum", "sigma_kms": self.sigma_kms, "light": _LIGHT})
            file["wavelength"] = self.wavelength
            file["wavelength"].attrs["unit"] = "Angstrom"
            redshifts = np.full(rows, self.redshift[0])
            shape = (rows, len(self.wavelength))
            for name in ("flux", "sigma"):
                options = {"chunks": (1, len(self.wavelength)), "fillvalue": np.nan}
                file.create_dataset(name, shape, "f4", **options).attrs["unit"] = "erg/s/cm2/Angstrom"
            for way in range(self.ways):
                mine = np.arange(way, galaxies, self.ways)
                if len(mine):
                    redshift, flux, sigma = self._alike(way, len(mine))
                    redshifts[places[mine]] = redshift
                    for place, one_flux, one_sigma in zip(places[mine], flux, sigma, strict=True):
                        file["flux"][place], file["sigma"][place] = one_flux, one_sigma
            file["redshift"] = redshifts

    def _alike(self, way: int, number: int) -> tuple[float, np.ndarray, np.ndarray]:
        """Redshift, flux and sigma, shape (number, pixels), of galaxies that share redshift and dispersion."""
        random = stream(self.seed, "survey", f"{way}".encode())
        uniform = lambda ends, size=None: np.exp(random.uniform(*np.log(ends), size))
        redshift, coefficients = float(uniform(self.redshift)), SpectrumCoefficients(free_gas=True)
        prior = WidePrior((*coefficients.names, DISPERSION), redshift)
        theta = prior.sample(number, generator(self.seed, f"survey {way}"))
        model = LinearModel.of(Instrument(self.wavelength, self.sigma_kms), redshift, 10 ** theta[0, -1].item())
        true = model.flux(coefficients.with_lines(model.lines), theta[:, :-1]).numpy()
        share = np.sqrt(_WINDOW / np.gradient(self.wavelength))
        sigma = np.median(true, axis=1, keepdims=True) * share / uniform(self.signal, (number, 1))
        return redshift, true + sigma * random.standard_normal(true.shape), sigma
