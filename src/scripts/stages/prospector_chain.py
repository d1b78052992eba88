"""Stage `prospector_chain`: emcee on Prospector itself, against emcee on the exact simulator, for one galaxy."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import numpy as np
import torch

from digs.base import paths
from digs.base.random_streams import generator
from digs.base.statistics import QUANTILES, ratio_and_shift
from digs.config.params import load_params
from digs.config.stages.chains_settings import ChainsSettings
from digs.config.stages.prospector_chain_settings import PART_STEPS, ProspectorChainSettings
from digs.config.theta import NAMES
from digs.diagnostics.per_parameter import numbers_per_parameter
from digs.exact.emcee_walk import autocorrelation_time, start_from_prior, vectorised
from digs.exact.ensembles import effective_sample_size
from digs.exact.likelihood import PosteriorDensity
from digs.exact.long_walk import walk_in_parts
from digs.exact.short_walks import in_coordinates, long_and_short_walks, scatter_of_short_walks
from digs.files.product import read_product, write_product
from digs.files.resumable import SCRATCH, ResumableParts
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.files.schemas.prospector_chain_schema import PROSPECTOR_CHAIN
from digs.physics.prior import Prior
from digs.physics.results import write_result
from digs.physics.simulator import Simulator
from digs.provenance.records import run_stage
from digs.sps.home import sps_data
from digs.sps.prospector import Prospector
from digs.sps.prospector_processes import posterior_in_processes

SIGMA = "data"  # as Prospector has it: error bars that do not depend on theta


def main() -> None:
    """Walk with emcee on Prospector's own posterior, and compare (needs SPS_HOME; resumes; 90 minutes)."""
    params = load_params(ChainsSettings, ProspectorChainSettings)
    settings, chains = params.prospector_chain, params.chains
    torch.set_num_threads(1)  # on half an ensemble at a time, two are slower
    galaxy = read_product(paths.DATA / "galaxy.h5", OBSERVATIONS)
    flux, data = galaxy["noisy_flux"][0].astype(float), sps_data()
    slow, prior = Prospector(params.spectrum, params.gas), Prior.over(params.prior)
    starts = [
        slow.vector(start_from_prior(prior, chains.walkers, generator(settings.seed, f"start {number}")))
        for number in range(settings.repeats + 1)
    ]
    walk = {"burn_in": settings.burn_in, "steps": settings.steps, "seed": settings.seed}
    relevant = params.model_dump(include={"prior", "spectrum", "gas", "noise"}) | {"prospector_chain": walk}
    depends = [relevant, flux.tolist(), chains.walkers, data.fingerprint]
    parts = ResumableParts(SCRATCH / "prospector_chain", depends, __file__)
    with posterior_in_processes(
        params.spectrum, params.gas, prior, flux, params.noise.fraction, settings.processes
    ) as log_prob:
        chain = walk_in_parts(log_prob, starts[0], settings.burn_in, settings.steps, parts, PART_STEPS, settings.seed)

    exact = vectorised(PosteriorDensity(Simulator(), prior, flux, params.noise.fraction, SIGMA))
    density = in_coordinates(exact, slow.theta, slow.log_jacobian)
    theta = slow.theta(chain.theta)
    long, short = long_and_short_walks(density, starts[1:], slow.theta, settings)
    quantiles = np.quantile(theta.reshape(-1, len(NAMES)), QUANTILES, axis=0)
    (ratio,), (shift,) = ratio_and_shift(quantiles[None], long[None])
    ratio_error, shift_error = scatter_of_short_walks(long, short)
    table = numbers_per_parameter({"ratio": ratio, "shift": shift}, {"ratio": ratio_error, "shift": shift_error})
    times, sizes = autocorrelation_time(theta), effective_sample_size(theta[None])
    difference = chain.log_prob.ravel() - density(chain.flat)
    full = chains.walkers * (sum(chains.burn_in) + chains.iterations)
    write_product(
        paths.DATA / "prospector_chain.h5",
        PROSPECTOR_CHAIN,
        {
            "theta": theta[:, settings.thin - 1 :: settings.thin],
            "log_prob": chain.log_prob[:, settings.thin - 1 :: settings.thin],
            "reference_quantiles": long,
        },
        seed=settings.seed,
        parameters=relevant,
        **data.attributes(),
    )
    write_result(
        paths.DATA / "prospector_chain.json",
        {
            "walkers": chains.walkers,
            "steps": settings.steps,
            "calls": chain.calls,
            "processes": settings.processes,
            "seconds": chain.seconds,
            "seconds_per_call": chain.seconds / chain.calls,
            "full_calls": full,
            "full_seconds_extrapolated": full * chain.seconds / chain.calls,
            "acceptance": float(chain.acceptance.mean()),
            "log_density_scatter": float(np.std(difference)),
            "repeats": settings.repeats,
            "parameters": {
                name: {**table[name], "autocorrelation_time": float(time), "sample_size": float(size)}
                for name, time, size in zip(NAMES, times, sizes, strict=True)
            },
        },
    )
    parts.forget()


if __name__ == "__main__":
    run_stage(main)
