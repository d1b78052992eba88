"""Derived quantities of the galaxy of Fig. 3: of its truth, of both posteriors, and those that the prior induces."""

from pathlib import Path

import numpy as np
import torch

from digs.base import paths
from digs.base.random_streams import generator
from digs.config.model import PriorRanges
from digs.config.theta import NAMES
from digs.files.product import read_product
from digs.files.schemas.chains_schema import CHAINS
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.flows.network_files import NETWORKS
from digs.inference.posterior import FIDUCIAL, Posterior
from digs.physics.derived import derived_quantities
from digs.physics.prior import Prior
from digs.physics.spectral_indices import SpectralIndices
from digs.physics.stored_populations import POPULATIONS_FILE

PRIOR_DRAWS = 100_000


NETWORK_DRAWS = 10_000


SEED = 50


SHOWN = {
    "prior": (0.02, 0.995),
    "mcmc": (0.001, 0.999),
    "npe": (0.001, 0.999),
}  # quantiles that axes reach to, at least


SOURCES: tuple[Path, ...] = (
    paths.DATA / "galaxy.h5",
    paths.DATA / "chains.h5",
    POPULATIONS_FILE,
    *(NETWORKS / f"{FIDUCIAL}.{ending}" for ending in ("json", "safetensors")),
)

Quantities = dict[str, np.ndarray]  # by the names of digs.physics.derived.DERIVED


def derived_of_galaxy(prior: PriorRanges) -> dict[str, Quantities]:
    """Return derived quantities of draws from the `prior` and from both posteriors, `mcmc` and `npe`, and the `truth`.

    NPE is the fiducial network.
    """
    galaxy = read_product(paths.DATA / "galaxy.h5", OBSERVATIONS)
    theta = {
        "prior": Prior.over(prior).sample(PRIOR_DRAWS, generator(SEED, "derived quantities")),
        "mcmc": read_product(paths.DATA / "chains.h5", CHAINS)["reference_theta"].reshape(-1, len(NAMES)),
        "npe": Posterior.load(FIDUCIAL).sample(galaxy["noisy_flux"], NETWORK_DRAWS, SEED)[0],
        "truth": galaxy["theta"][:1],
    }
    indices = SpectralIndices()
    with torch.no_grad():
        found = {name: derived_quantities(draws, indices) for name, draws in theta.items()}
    return {name: {each: values.numpy() for each, values in found[name].items()} for name in found}
