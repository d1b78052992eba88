"""Simple stellar populations from FSPS, smoothed and sampled: all that the exact simulator knows. Needs SPS_HOME.

Dust is applied to them after the smoothing: within the line-spread function the attenuation curve is taken as constant,
which changes no pixel by more than some 1e-4.

FSPS interpolates stellar spectra linearly in logzsol between the isochrones' metallicities, but the nebular lines'
logarithms linearly between those of the Cloudy grid. The grid here holds both sets of nodes and divides their gaps,
so that linear interpolation of the flux follows both.
"""

from itertools import pairwise
from pathlib import Path

import numpy as np

from digs.base.progress import progress
from digs.config.model import Spectrum
from digs.files.product import write_product
from digs.files.resumable import ResumableParts
from digs.files.schemas.ssp_grid_schema import SSP_GRID
from digs.physics.simulator import Simulator
from digs.physics.spectra import f_lambda, observed_flux, smooth, wavelength_grid
from digs.sps.home import SPSData, sps_home
from digs.sps.prospector import model_parameters


def variant_simulator(settings: Spectrum, data: SPSData, folder: Path) -> Simulator:
    """Return the exact simulator on other pixels or at another resolution (needs SPS_HOME; resumes).

    Raises:
        DigsError: SPS_HOME is missing or incomplete.
    """
    grid = ssp_parts(settings, data, folder).folder.with_suffix(".h5")
    if not grid.exists():
        write_ssp_grid(grid, settings, data, folder)
    return Simulator(grid)


STELLAR_LOGZSOL = np.array([-2.5, -2.0, -1.75, -1.5, -1.25, -1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5])


GAS_LOGZ = np.array([-1.3, -1.0, -0.82, -0.7, -0.52, -0.4, -0.3, -0.15, 0.0, 0.18, 0.3])


_GAP = 0.025  # dex, the widest gap between nodes where the gas matters


_STEEP_FROM, _STEEP_GAP = 0.18, 0.0175  # from here on [O III] falls by 3 dex per dex


def metallicity_nodes() -> np.ndarray:
    """Return logzsol of the grid, ascending."""
    nodes = np.union1d(STELLAR_LOGZSOL, GAS_LOGZ)
    fill = [nodes]
    for low, high in pairwise(nodes):
        if low >= GAS_LOGZ[0] and high <= GAS_LOGZ[-1]:
            gap = _STEEP_GAP if low >= _STEEP_FROM else _GAP
            fill.append(np.linspace(low, high, int(np.ceil((high - low) / gap - 1e-9)) + 1)[1:-1])
    return np.sort(np.concatenate(fill))


def ssp_parts(settings: Spectrum, data: SPSData, folder: Path) -> ResumableParts:
    """Return where the spectra of one metallicity after the other are kept until all are done."""
    return ResumableParts(folder, [settings.model_dump(), data.fingerprint], __file__)


def make_ssp_grid(settings: Spectrum, parts: ResumableParts) -> dict[str, np.ndarray]:
    """Return the SSPs' spectra per solar mass formed, as the product SSP_GRID describes them.

    Args:
        parts: of ssp_parts; those that are done are not done again.
    Raises:
        DigsError: SPS_HOME is missing or incomplete.
    """
    sps_home()
    import fsps

    template = model_parameters(settings)
    fixed = {name: template[name]["init"] for name in ("imf_type", "add_neb_emission", "add_neb_continuum",
                                                       "nebemlineinspec", "gas_logu")}  # fmt: skip
    population = fsps.StellarPopulation(zcontinuous=1, sfh=0, dust1=0.0, dust2=0.0, **fixed)
    age = 10 ** (population.log_age - 9)
    nodes = metallicity_nodes()
    pixels = wavelength_grid(settings)

    def spectra_at(logzsol: float) -> np.ndarray:
        population.params["logzsol"] = logzsol
        population.params["gas_logz"] = logzsol
        wavelength, luminosity = population.get_spectrum(tage=0, peraa=False)
        observed = wavelength * (1 + settings.zred)
        f_nu = (observed_flux(one, settings.zred) for one in luminosity)
        return np.stack([f_lambda(pixels, smooth(observed, one, settings)) for one in f_nu])

    names = [f"{place:03d}" for place in range(len(nodes))]
    for name, logzsol in zip(names, progress(nodes, desc="SSP metallicities", unit="node"), strict=True):
        if name not in parts:
            parts.save(name, spectra_at(logzsol))
    flux = np.stack([parts.load(name) for name in names])
    return {"wavelength": pixels, "age": age, "logzsol": nodes, "flux": flux}


def write_ssp_grid(path: Path, settings: Spectrum, data: SPSData, folder: Path) -> None:
    """Make the grid with FSPS and write it as the product SSP_GRID; it resumes from the parts in a folder.

    Raises:
        DigsError: SPS_HOME is missing or incomplete.
    """
    parts = ssp_parts(settings, data, folder)
    grid = make_ssp_grid(settings, parts)
    write_product(path, SSP_GRID, grid, parameters={"spectrum": settings.model_dump()}, **data.attributes())
    parts.forget()
