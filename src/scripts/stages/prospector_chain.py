"""Stage `prospector_chain`: emcee on Prospector itself, against emcee on the exact simulator, for one galaxy."""

import numpy as np
import torch

from digs.base import paths
from digs.base.progress import progress
from digs.base.random_streams import generator
from digs.base.statistics import QUANTILES, ratio_and_shift
from digs.config.params import Params, load_params
from digs.config.stages.chains_settings import ChainsSettings
from digs.config.stages.prospector_chain_settings import PART_STEPS, ProspectorChainSettings
from digs.config.theta import NAMES
from digs.exact.emcee_walk import (
    Density,
    autocorrelation_time,
    sample_ensemble,
    start_from_prior,
    vectorised,
)
from digs.exact.ensembles import effective_sample_size
from digs.exact.likelihood import PosteriorDensity
from digs.exact.long_walk import walk_in_parts
from digs.files.atomic import write_json
from digs.files.product import read_product, write_product
from digs.files.resumable import SCRATCH, ResumableParts
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.files.schemas.prospector_chain_schema import PROSPECTOR_CHAIN
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.provenance.records import run_stage
from digs.sps.home import sps_data
from digs.sps.prospector import Prospector
from digs.sps.prospector_processes import posterior_in_processes

SIGMA = "data"  # as Prospector has it: error bars that do not depend on theta


def exact_density(flux: np.ndarray, slow: Prospector, params: Params) -> Density:
    """The exact simulator's ln posterior as a function of Prospector's parameters."""
    prior = Prior.over(params.prior)
    density = vectorised(PosteriorDensity(Simulator(), prior, flux, params.noise.fraction, SIGMA))

    def log_prob(vector: np.ndarray) -> np.ndarray:
        theta = slow.theta(vector)
        with np.errstate(invalid="ignore"):  # outside the prior
            value = density(theta) - slow.log_jacobian(theta)
        return np.where(np.isnan(value), -np.inf, value)

    return log_prob


def exact_walks(
    density: Density, starts: list[np.ndarray], slow: Prospector, params: Params
) -> tuple[np.ndarray, np.ndarray]:
    """Quantiles of a long walk, shape (quantiles, 5), and of walks such as Prospector's, (repeats, quantiles, 5)."""
    settings = params.prospector_chain
    long = sample_ensemble(
        density, starts[0], settings.reference_burn_in, settings.reference_steps, settings.seed, settings.thin
    )
    short = [
        sample_ensemble(density, start, settings.burn_in, settings.steps, settings.seed + number)
        for number, start in enumerate(progress(starts, desc="Walks on the exact simulator", unit="walk"))
    ]
    reference, *alike = (np.quantile(slow.theta(chain.flat), QUANTILES, axis=0) for chain in (long, *short))
    return reference, np.stack(alike)


def main() -> None:
    """Walk with emcee on Prospector's own posterior, and compare (needs SPS_HOME; resumes; 90 minutes)."""
    params = load_params(ChainsSettings, ProspectorChainSettings)
    settings, chains = params.prospector_chain, params.chains
    torch.set_num_threads(1)  # on half an ensemble at a time, two are slower
    galaxy = read_product(paths.DATA / "galaxy.h5", OBSERVATIONS)
    flux, data = galaxy["noisy_flux"][0].astype(float), sps_data()
    slow, prior = Prospector(params.spectrum), Prior.over(params.prior)
    starts = [
        slow.vector(start_from_prior(prior, chains.walkers, generator(settings.seed, f"start {number}")))
        for number in range(settings.repeats + 1)
    ]
    walk = {"burn_in": settings.burn_in, "steps": settings.steps, "seed": settings.seed}
    relevant = params.model_dump(include={"prior", "spectrum", "noise"}) | {"prospector_chain": walk}
    depends = [relevant, flux.tolist(), chains.walkers, data.fingerprint]
    parts = ResumableParts(SCRATCH / "prospector_chain", depends, __file__)
    with posterior_in_processes(params.spectrum, prior, flux, params.noise.fraction, settings.processes) as log_prob:
        chain = walk_in_parts(log_prob, starts[0], settings.burn_in, settings.steps, parts, PART_STEPS, settings.seed)

    density = exact_density(flux, slow, params)
    theta = slow.theta(chain.theta)
    reference, alike = exact_walks(density, starts[1:], slow, params)
    quantiles = np.quantile(theta.reshape(-1, len(NAMES)), QUANTILES, axis=0)
    ratio, shift = ratio_and_shift(quantiles[None], reference[None])
    # how far walks as short as this one lie from the long one, on the same simulator
    alike_ratio, alike_shift = ratio_and_shift(alike, np.broadcast_to(reference, alike.shape))
    ratio_error, shift_error = (np.sqrt((each**2).mean(0)) for each in (alike_ratio - 1, alike_shift))
    difference = chain.log_prob.ravel() - density(chain.flat)
    full = chains.walkers * (sum(chains.burn_in) + chains.iterations)
    write_product(
        paths.DATA / "prospector_chain.h5",
        PROSPECTOR_CHAIN,
        {
            "theta": theta[:, settings.thin - 1 :: settings.thin],
            "log_prob": chain.log_prob[:, settings.thin - 1 :: settings.thin],
            "reference_quantiles": reference,
        },
        seed=settings.seed,
        parameters=relevant,
        **data.attributes(),
    )
    write_json(
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
                name: {
                    "ratio": {"value": float(ratio[0, place]), "error": float(ratio_error[place])},
                    "shift": {"value": float(shift[0, place]), "error": float(shift_error[place])},
                    "autocorrelation_time": float(autocorrelation_time(theta)[place]),
                    "sample_size": float(effective_sample_size(theta[None])[place]),
                }
                for place, name in enumerate(NAMES)
            },
        },
    )
    parts.forget()


if __name__ == "__main__":
    run_stage(main)
