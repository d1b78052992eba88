"""Small made spectra, quick to infer: few pixels, the dispersion known or not; and catalogues of them in files."""

from pathlib import Path

import h5py
import numpy as np
import torch
import zarr
from astropy.io import fits

import digs
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.model_space import ModelSpace
from digs.physics.instrument import Instrument
from digs.physics.linear.linear_model import LinearModel

WAVELENGTH = np.geomspace(3900, 6900, 250)
SIGMA_KMS, DISPERSION = 150.0, 120.0
QUICK = EngineSettings(dispersion=DISPERSION, bank=2000, effective=60, calls=3000, walk=0, network=False)
TRUTH = [10.5, -0.3, 0.5, 5.0, 0.3, -0.2, -2.8]


def made_spectrum(
    number: int = 0, noise: float = 0.1, redshift: float = 0.06, theta: list[float] | None = None
) -> digs.Spectrum:
    """Return a spectrum with noise of a share of its median flux, and of its own for each number."""
    space = ModelSpace.of(QUICK, redshift)
    model = LinearModel.of(Instrument(WAVELENGTH, sigma_kms=SIGMA_KMS), redshift, DISPERSION)
    theta = torch.tensor([TRUTH if theta is None else theta], dtype=torch.float64)
    flux = model.flux(space.coefficients.with_lines(model.lines), theta)[0].numpy()
    sigma = np.full_like(flux, noise * np.median(flux))
    noisy = flux + sigma * np.random.default_rng(number).standard_normal(len(flux))
    return digs.Spectrum(WAVELENGTH, noisy, sigma, redshift=redshift, sigma_kms=SIGMA_KMS, name=f"made {number}")


def made_catalogue(path: Path, galaxies: int, bad: int | None = None) -> Path:
    """Write spectra to a catalogue, as Zarr, HDF5 or FITS by its name, one of them without any flux."""
    spectra = [made_spectrum(number) for number in range(galaxies)]
    flux = np.array([each.flux for each in spectra])
    if bad is not None:
        flux[bad] = np.nan
    sigma, redshift = np.array([each.sigma for each in spectra]), np.array([each.redshift for each in spectra])
    units = {"wavelength": "Angstrom", "flux": "erg/s/cm2/Angstrom", "sigma": "erg/s/cm2/Angstrom"}
    names = [f"galaxy {number}" for number in range(galaxies)]
    facts = {"medium": "vacuum", "sigma_kms": SIGMA_KMS}
    if path.suffix == ".fits":
        arrays = {"wavelength": np.tile(WAVELENGTH, (galaxies, 1)), "flux": flux, "sigma": sigma}
        columns = [fits.Column(name, f"{len(WAVELENGTH)}D", units[name], array=arrays[name]) for name in arrays]
        columns += [fits.Column("redshift", "D", array=redshift), fits.Column("name", "20A", array=np.array(names))]
        table = fits.BinTableHDU.from_columns(columns)
        table.header["MEDIUM"], table.header["HIERARCH SIGMA_KMS"] = facts["medium"], facts["sigma_kms"]
        fits.HDUList([fits.PrimaryHDU(), table]).writeto(path)
        return path
    arrays = {"wavelength": WAVELENGTH, "flux": flux, "sigma": sigma, "redshift": redshift}
    if path.suffix == ".zarr":
        group = zarr.open_group(str(path), mode="w", zarr_format=2)
        group.create_array("name", data=np.array(names))
        make = lambda name: group.create_array(name, data=arrays[name])
    else:
        group = h5py.File(path, "w")
        group["name"] = names
        make = lambda name: group.create_dataset(name, data=arrays[name])
    group.attrs.update(facts)
    for name in arrays:
        made = make(name)
        if name in units:
            made.attrs["unit"] = units[name]
    if path.suffix != ".zarr":
        group.close()
    return path
