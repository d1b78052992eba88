"""Simple stellar populations at FSPS's own resolution, compressed, stars and gas apart. Needs SPS_HOME.

FSPS interpolates the stars' spectra, and with them their ionising photons, linearly in logzsol between the isochrones'
metallicities: those twelve are all that is needed. Their spectra differ so little from one another that a few dozen
singular vectors hold them; the gas is in FSPS's tables (digs.sps.nebular_tables).
"""

from pathlib import Path

import numpy as np
import torch
from scipy.linalg import qr
from torch import Tensor

from digs.base.random_streams import generator
from digs.config.params import Params
from digs.config.theta import index
from digs.files.product import write_product
from digs.files.schemas.populations_schema import POPULATIONS
from digs.physics.histories.delayed_tau import DelayedTau
from digs.physics.prior import Prior
from digs.sps.home import SPSData, sps_home
from digs.sps.native_spectra import NativeSpectra
from digs.sps.nebular_tables import ionising_photons, line_sigma, read_nebular_table

PERCENTILES = np.array([50.0, 99.9, 100.0])


_WINGS = 8.0  # standard deviations of a line, beyond which it is nothing


_FAINT = 0.05  # quantile of the populations that sets the scale of errors


PLACES = 24  # wavelengths at which the continuum is kept; the others follow from them


def compressed(spectra: np.ndarray, rank: int) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients, shape (..., rank), and basis, (rank, n), whose product is close to spectra, (..., n).

    What is small beside the faintest populations at a wavelength, relative to their mean, is left out.
    """
    rows = spectra.reshape(-1, spectra.shape[-1])
    level = rows.mean(1, keepdims=True)
    shape = np.quantile(rows / level, _FAINT, axis=0)  # old populations are faint in the ultraviolet
    left, strength, right = np.linalg.svd(rows / level / shape, full_matrices=False)
    coefficients = left[:, :rank] * strength[:rank] * level
    return coefficients.reshape(*spectra.shape[:-1], rank), right[:rank] * shape


def skeleton(log_continuum: np.ndarray, places: int) -> tuple[np.ndarray, np.ndarray]:
    """Return wavelengths (their indices) from which the continuum at all follows, and how: shape (places, n).

    Args:
        log_continuum: log10 at the tables' nodes, shape (logz, age, logu, n).
        places: how many wavelengths.
    """
    samples = 10 ** log_continuum.reshape(-1, log_continuum.shape[-1])
    samples /= samples.mean(1, keepdims=True)
    scale = samples.mean(0)
    _, factor, order = qr(samples / scale, mode="economic", pivoting=True)
    follow = np.linalg.solve(factor[:places, :places], factor[:places])
    shape = np.empty_like(follow)
    shape[:, order] = follow
    chosen = order[:places]
    return chosen, shape * scale / scale[chosen, None]


def gas_arrays(home: Path, native: np.ndarray, inside: np.ndarray) -> dict[str, np.ndarray]:
    """Return what POPULATIONS holds of the gas.

    Args:
        home: SPS_HOME.
        native: all of FSPS's wavelengths.
        inside: which of them are kept.
    """
    lines = read_nebular_table(home / "nebular/ZAU_ND_mist.lines")
    continuum = read_nebular_table(home / "nebular/ZAU_ND_mist.cont")
    kept = native[inside]
    sigma = line_sigma(native, lines.wavelength)
    near = (lines.wavelength + _WINGS * sigma > kept[0]) & (lines.wavelength - _WINGS * sigma < kept[-1])
    upper = np.searchsorted(continuum.wavelength, kept).clip(1, len(continuum.wavelength) - 1)
    left, right = continuum.wavelength[upper - 1], continuum.wavelength[upper]
    share = (kept - left) / (right - left)
    log_continuum = (1 - share) * continuum.values[..., upper - 1] + share * continuum.values[..., upper]
    chosen, shape = skeleton(log_continuum, PLACES)
    return {
        "gas_logz": lines.logz,
        "gas_age": lines.age,
        "gas_logu": lines.logu,
        "line_wavelength": lines.wavelength[near],
        "line_sigma": sigma[near],
        "log_lines": np.maximum(lines.values[..., near], -30.0),
        "log_continuum": log_continuum[..., chosen],
        "continuum_shape": shape,
    }


def compression_error(native: NativeSpectra, inside: np.ndarray, compact: np.ndarray, theta: Tensor) -> np.ndarray:
    """Return relative errors of the stars' light that are due to the compression, shape (N, wavelengths).

    Args:
        native: what was compressed.
        inside: which of its wavelengths were.
        compact: coefficients @ basis, shape (metallicities, ages, wavelengths).
        theta: of galaxies, shape (N, 5), float64.
    """
    logzsol, tage, logtau = (theta[:, index(name)] for name in ("logzsol", "tage", "logtau"))
    fractions = DelayedTau(native.age, torch.float64)(tage, logtau).numpy()
    ages = fractions.shape[1]
    place = np.interp(logzsol.numpy(), native.logzsol, np.arange(len(native.logzsol)))
    below = place.astype(int).clip(max=len(native.logzsol) - 2)
    rows = np.arange(len(theta))
    weights = np.zeros((len(theta), len(native.logzsol), ages))
    weights[rows, below] = fractions * (1 - place + below)[:, None]
    weights[rows, below + 1] = fractions * (place - below)[:, None]
    given, kept = (np.tensordot(weights, spectra[:, :ages], 2) for spectra in (native.luminosity[..., inside], compact))
    return kept / given - 1


def write_populations(path: Path, params: Params, native: NativeSpectra, data: SPSData) -> dict:
    """Write the product POPULATIONS, and return the numbers of populations.json: what the compression costs.

    Args:
        path: of the product.
        params: with the section populations; spectrum and gas say what is taken where nothing is asked for.
        native: of native_spectra.
        data: where they come from.
    """
    settings = params.populations
    wavelength = native.wavelength
    inside = (wavelength >= settings.wavelength_start) & (wavelength <= settings.wavelength_stop)
    coefficients, basis = compressed(native.luminosity[..., inside], settings.rank)
    size = np.sqrt((basis**2).mean(1, keepdims=True))
    coefficients, basis = (coefficients * size[:, 0]).astype(np.float32), (basis / size).astype(np.float32)
    theta = Prior.over(params.prior).sample(settings.galaxies, generator(settings.seed, "galaxies")).double()
    error = np.abs(compression_error(native, inside, coefficients.astype(float) @ basis.astype(float), theta))
    arrays = {
        "wavelength": wavelength[inside],
        "resolution": native.resolution[inside],
        "age": native.age,
        "logzsol": native.logzsol,
        "coefficients": coefficients,
        "basis": basis,
        "percentile": PERCENTILES,
        "compression_error": np.percentile(error, PERCENTILES, axis=0),
        "photons": ionising_photons(wavelength, native.luminosity),
        "surviving_mass": native.surviving_mass,
        **gas_arrays(sps_home(), wavelength, inside),
    }
    parameters = params.model_dump(include={"spectrum", "gas", "populations"})
    write_product(path, POPULATIONS, arrays, parameters=parameters, **data.attributes())
    return {
        "rank": settings.rank,
        "wavelengths": int(inside.sum()),
        "galaxies": settings.galaxies,
        "median": float(np.median(error)),
        "tail": float(np.percentile(error, PERCENTILES[1])),
        "worst": float(error.max()),
    }
