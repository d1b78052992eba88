"""Stage `reference`: emcee posteriors of hundreds of test galaxies, with proof of their convergence."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from itertools import starmap

import numpy as np
import torch

from digs.base import paths
from digs.base.command import add_scheduler
from digs.base.dask_cluster import on_cluster
from digs.base.progress import progress
from digs.base.statistics import QUANTILES
from digs.config.params import load_params
from digs.config.stages.reference_settings import ReferenceSettings
from digs.exact.converged_chains import converged, exact_chains
from digs.files.product import read_product, write_product
from digs.files.resumable import SCRATCH, ResumableParts
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.files.schemas.reference_schema import REFERENCE
from digs.flows.network_files import NETWORKS
from digs.inference.posterior import Posterior
from digs.physics.prior import Prior
from digs.physics.results import write_result
from digs.physics.simulator import Simulator
from digs.physics.stored_populations import POPULATIONS_FILE
from digs.provenance.records import run_stage

TEST = paths.DATA / "test.h5"
# the rows of a finished part's array, for each galaxy: R-hat, effective sample size, farthest, quantiles, then draws
R_HAT, SAMPLE_SIZE, FARTHEST, FIRST_QUANTILE = range(4)
FIRST_DRAW = FIRST_QUANTILE + len(QUANTILES)


def chains_of(
    flux: torch.Tensor,
    first: int,
    posterior: Posterior,
    simulator: Simulator,
    prior: Prior,
    fraction: float,
    settings: ReferenceSettings,
) -> np.ndarray:
    """Return what is kept of the chains of some galaxies, from the first on, shape (galaxies, rows, 5)."""
    start = posterior.sample(flux, settings.ensembles * settings.walkers, settings.seed)
    chains = exact_chains(
        simulator,
        prior,
        flux,
        fraction,
        start,
        settings.draws,
        settings,
        settings.seed,
        posterior.keys(flux),
        f"Galaxies from {first}",
    )
    farthest = np.broadcast_to(chains.farthest[:, None], chains.r_hat.shape)
    diagnostics = np.stack([chains.r_hat, chains.sample_size, farthest], 1)
    return np.concatenate([diagnostics, chains.quantiles, chains.draws], 1)


def main(scheduler: str | None) -> None:
    """Sample the posteriors of test galaxies with emcee (resumes after an interruption)."""
    params = load_params(ReferenceSettings)
    settings, prior = params.reference, Prior.over(params.prior)
    torch.set_num_threads(params.threads)
    posterior = Posterior.load(settings.network)
    test = read_product(TEST, OBSERVATIONS)
    flux = torch.as_tensor(test["noisy_flux"][: settings.galaxies])
    relevant = params.model_dump(include={"reference", "prior", "noise"})
    inputs = (POPULATIONS_FILE, TEST, *(NETWORKS / f"{settings.network}.{end}" for end in ("json", "safetensors")))
    parts = ResumableParts(SCRATCH / "reference", relevant, __file__, *inputs)
    starts = range(0, len(flux), settings.at_once)
    waiting = [first for first in starts if str(first) not in parts]
    model = posterior, Simulator(), prior, params.noise.fraction, settings
    tasks = [(flux[first : first + settings.at_once].clone(), first, *model) for first in waiting]
    chains = on_cluster(scheduler, chains_of, tasks) if scheduler else starmap(chains_of, tasks)
    for first, kept in progress(zip(waiting, chains, strict=True), desc="Reference", unit="part", total=len(waiting)):
        parts.save(str(first), kept)
    rows = np.concatenate([parts.load(str(first)) for first in starts])
    r_hat, size, farthest = rows[:, R_HAT], rows[:, SAMPLE_SIZE], rows[:, FARTHEST, 0]
    good = converged(r_hat, size, farthest, settings)
    write_product(
        paths.DATA / "reference.h5",
        REFERENCE,
        {
            "theta": test["theta"][: len(flux)],
            "draws": rows[:, FIRST_DRAW:],
            "quantiles": rows[:, FIRST_QUANTILE:FIRST_DRAW],
            "r_hat": r_hat,
            "sample_size": size,
        },
        seed=settings.seed,
        parameters=relevant,
        sps_label=test.attributes["sps_label"],
    )
    write_result(
        paths.DATA / "reference.json",
        {
            "galaxies": len(flux),
            "converged": int(good.sum()),
            "not_converged": np.flatnonzero(~good).tolist(),
            "worst_r_hat": float(r_hat.max()),
            "least_sample_size": float(size.min()),
            "median_sample_size": float(np.median(size.min(1))),
            "farthest": float(farthest.max()),
            "too_far": np.flatnonzero(farthest > settings.far_below).tolist(),
            "walkers": settings.ensembles * settings.walkers,
        },
    )
    parts.forget()


if __name__ == "__main__":
    run_stage(main, add_scheduler)
