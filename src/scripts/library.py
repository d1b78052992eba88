"""Stage `library`: Prospector's spectra over the prior, the noisy test set, and the galaxy of Fig. 3."""

import numpy as np
import torch

from digs import paths
from digs.artifacts import write_product
from digs.cli import run
from digs.library import library_parts, simulate_library
from digs.noise import add_noise
from digs.params import load_params
from digs.parts import SCRATCH
from digs.priors import Prior, galaxy_theta
from digs.products import LIBRARY, OBSERVATIONS
from digs.rng import generator
from digs.spectra import wavelength_grid
from digs.sps import sps_data


def main() -> None:
    """Simulate the library, the test set and the galaxy of Fig. 3 with Prospector (needs SPS_HOME; resumes)."""
    params = load_params()
    settings, library, data = params.spectrum, params.library, sps_data()
    prior = Prior()
    samples = {
        name: prior.sample(size, generator(library.seed, f"{name} theta")).numpy()
        for name, size in (("library", library.size), ("test", library.test_size))
    }
    samples["galaxy"] = galaxy_theta()[None]
    theta = np.concatenate(list(samples.values()))
    parts = library_parts(theta, settings, data, SCRATCH / "library")
    every_flux = simulate_library(theta, settings, parts, library.processes)

    wavelength = wavelength_grid(settings)
    common = {"seed": library.seed, "parameters": params.model_dump(include={"prior", "spectrum", "noise"})}
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
    run(main)
