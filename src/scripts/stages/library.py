"""Stage `library`: Prospector's spectra over the prior, the noisy test set, and the galaxy of Fig. 3."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import numpy as np
import torch

from digs.base import paths
from digs.base.command import add_scheduler
from digs.base.random_streams import generator
from digs.config.params import load_params
from digs.config.stages.library_settings import GalaxySettings, LibrarySettings
from digs.files.product import write_product
from digs.files.resumable import SCRATCH
from digs.files.schemas.library_schema import LIBRARY
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.physics.noise import add_noise
from digs.physics.prior import Prior
from digs.physics.spectra import wavelength_grid
from digs.provenance.records import run_stage
from digs.sps.home import sps_data
from digs.sps.prospector_library import library_parts, simulate_library


def main(scheduler: str | None) -> None:
    """Simulate the library, the test set and the galaxy of Fig. 3 with Prospector (needs SPS_HOME; resumes)."""
    params = load_params(GalaxySettings, LibrarySettings)
    settings, library, data = params.spectrum, params.library, sps_data()
    prior = Prior.over(params.prior)
    samples = {
        name: prior.sample(size, generator(library.seed, f"{name} theta")).numpy()
        for name, size in (("library", library.size), ("test", library.test_size))
    }
    samples["galaxy"] = params.galaxy.theta[None]
    theta = np.concatenate(list(samples.values()))
    parts = library_parts(theta, settings, params.gas, data, SCRATCH / "library")
    every_flux = simulate_library(theta, settings, params.gas, parts, library.processes, scheduler)

    wavelength = wavelength_grid(settings)
    common = {"seed": library.seed, "parameters": params.model_dump(include={"prior", "spectrum", "gas", "noise"})}
    first = 0
    for name, theta_part in samples.items():
        flux = every_flux[first : first + len(theta_part)]
        first += len(theta_part)
        arrays = {"wavelength": wavelength, "theta": theta_part, "flux": flux}
        schema = LIBRARY
        if name != "library":
            seed = params.galaxy.seed if name == "galaxy" else library.seed
            noisy = add_noise(torch.as_tensor(flux), generator(seed, f"{name} noise"), params.noise.fraction)
            arrays["noisy_flux"] = noisy.numpy()
            schema = OBSERVATIONS
        write_product(paths.DATA / f"{name}.h5", schema, arrays, **common, **data.attributes())
    parts.forget()


if __name__ == "__main__":
    run_stage(main, add_scheduler)
