"""What exact posteriors cost: some steps of emcee, to be timed, of fits side by side on the exact simulator."""

from collections.abc import Callable

import numpy as np
import torch
from emcee import EnsembleSampler
from torch import Generator

from digs.exact.emcee_walk import start_from_prior, vectorised
from digs.exact.ensembles import StretchApart
from digs.exact.likelihood import PosteriorDensity, Sigma
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

_BURN_IN = 400
STEPS = 100  # to be timed; a whole fit is so many times longer as it has more steps


def mcmc_steps(
    prior: Prior,
    flux: np.ndarray,
    fraction: float,
    sigma: Sigma,
    walkers: int,
    threads: int,
    random: Generator,
) -> Callable[[], None]:
    """Return a call of STEPS steps of fits of some galaxies, which are burnt in: at first most proposals fail.

    Args:
        flux: shape (galaxies, pixels).
        fraction, sigma: of the noise, as of log_likelihood.
        walkers: of each galaxy.
        threads: of torch, while it walks.
        random: where the walkers start.
    """
    density = vectorised(PosteriorDensity(Simulator(), prior, flux, fraction, sigma))
    start = start_from_prior(prior, len(flux) * walkers, random)
    sampler = EnsembleSampler(*start.shape, density, moves=StretchApart(len(flux)), vectorize=True)
    burnt_in = sampler.run_mcmc(start, _BURN_IN, store=False, skip_initial_state_check=True)

    def walk() -> None:
        threads_before = torch.get_num_threads()
        torch.set_num_threads(threads)
        sampler.run_mcmc(burnt_in, STEPS, store=False, skip_initial_state_check=True)
        torch.set_num_threads(threads_before)

    return walk
