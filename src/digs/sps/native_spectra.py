"""FSPS's simple stellar populations as it has them, without gas. Needs SPS_HOME."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digs.base.progress import progress
from digs.files.resumable import ResumableParts
from digs.sps.home import SPSData, sps_home


@dataclass(frozen=True)
class NativeSpectra:
    """FSPS's populations without gas, per solar mass formed.

    wavelength: all of FSPS's, in Angstrom, shape (n,).
    resolution: dispersion in km/s, below 0 where it is a rough guess, shape (n,).
    age: Gyr, shape (ages,).
    logzsol: shape (metallicities,).
    luminosity: L_nu in Lsun / Hz, shape (metallicities, ages, n).
    surviving_mass: stars and remnants, shape (metallicities, ages).
    """

    wavelength: np.ndarray
    resolution: np.ndarray
    age: np.ndarray
    logzsol: np.ndarray
    luminosity: np.ndarray
    surviving_mass: np.ndarray


def native_parts(data: SPSData, folder: Path) -> ResumableParts:
    """Return where the spectra of one metallicity after the other are kept until all are done."""
    return ResumableParts(folder, data.fingerprint, __file__)


def native_spectra(parts: ResumableParts) -> NativeSpectra:
    """Run FSPS for all of its metallicities; those that are done are not done again.

    Raises:
        DigsError: SPS_HOME is missing or incomplete.
    """
    sps_home()
    import fsps

    population = fsps.StellarPopulation(
        zcontinuous=1, sfh=0, imf_type=2, dust1=0.0, dust2=0.0, add_neb_emission=False, add_neb_continuum=False
    )
    logzsol = np.log10(population.zlegend / population.solar_metallicity)
    names = [f"{place:02d}" for place in range(len(logzsol))]
    for name, metallicity in zip(names, progress(logzsol, desc="FSPS metallicities", unit="node"), strict=True):
        if name not in parts:
            population.params["logzsol"] = metallicity
            _, luminosity = population.get_spectrum(tage=0, peraa=False)
            parts.save(name, np.concatenate([luminosity, population.stellar_mass[:, None]], 1))
    found = np.stack([parts.load(name) for name in names])
    age = 10 ** (population.log_age - 9)
    return NativeSpectra(population.wavelengths, population.resolutions, age, logzsol, found[..., :-1], found[..., -1])
