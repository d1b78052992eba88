"""Ways to exact posteriors, each of which any problem can be handed to: what they make of a problem's galaxies."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from digs.base.random_streams import galaxy_keys, generator, stream
from digs.base.statistics import efficiency, log_evidence
from digs.config.stages.frontier_settings import FrontierMixtures, FrontierNested, FrontierWalk
from digs.config.theta import MASS
from digs.exact.brute_force.grid import Grid
from digs.exact.brute_force.template_bank import TemplateBank
from digs.exact.emcee_walk import vectorised
from digs.exact.ensembles import effective_sample_size, split_r_hat, walk
from digs.exact.likelihood import PosteriorDensity, RelativeDensity
from digs.exact.marginal_density import MarginalDensity
from digs.exact.mixture_rounds import mixture_rounds
from digs.exact.nested import NestedSample, nested_sample
from digs.flows.mass_and_dust import MassAndDust
from digs.inference.batches import in_batches
from digs.inference.frontier.amortised import Amortised
from digs.physics.nested_problems import Problem
from digs.physics.noise import add_noise

_SPREAD = 0.01  # dex: how far walkers start from the mass that the level asks for


@dataclass(frozen=True)
class Contest:
    """Galaxies of a problem's prior, whose posteriors are wanted.

    flux: shape (N, pixels); fraction: of the noise; draws: of each posterior; seed: of all random numbers.
    """

    problem: Problem
    flux: Tensor
    fraction: float
    draws: int
    seed: int

    @classmethod
    def of(cls, problem: Problem, fraction: float, galaxies: int, draws: int, seed: int) -> "Contest":
        """Return the contest with so many galaxies."""
        theta = problem.prior.sample(galaxies, generator(seed, f"galaxies {problem.free}"))
        flux = add_noise(problem.simulator(theta), generator(seed, f"noise {problem.free}"), fraction)
        return cls(problem, flux, fraction, draws, seed)

    def few(self, galaxies: int) -> "Contest":
        """Return the same with the first galaxies alone."""
        return Contest(self.problem, self.flux[:galaxies], self.fraction, self.draws, self.seed)

    def density(self, galaxies: slice) -> PosteriorDensity:
        """Return the posterior density of some galaxies."""
        return PosteriorDensity(self.problem.simulator, self.problem.prior, self.flux[galaxies], self.fraction)


def shares_and_evidences(log_weight: Tensor) -> np.ndarray:
    """Return the effective share of draws and ln of the evidence, shape (N, 2), by ln weights, (N, draws)."""
    return torch.stack([efficiency(log_weight).nan_to_num(nan=0.0), log_evidence(log_weight)], 1).numpy()


def by_grid(contest: Contest, grid: Grid) -> np.ndarray:
    """Return the same of brute force."""
    found = grid.posterior(contest.flux, contest.draws, contest.seed)
    return shares_and_evidences(found.log_weight)


def by_network(contest: Contest, network: Amortised, batch: int, description: str) -> np.ndarray:
    """Return the same of a network's weighted draws."""
    parts = []
    for rows in in_batches(len(contest.flux), batch, description):
        draws = network.draws(contest.flux[rows], contest.draws, contest.seed)
        parts.append(shares_and_evidences(network.log_weights(draws, contest.flux[rows])))
    return np.concatenate(parts)


def by_mixtures(contest: Contest, bank: TemplateBank, settings: FrontierMixtures, effective: float) -> np.ndarray:
    """Return what mixtures come to: two levels, a bank of templates and then rounds inside what it leaves.

    Args:
        effective: how many draws are to be.
    Returns:
        the effective share of the draws, ln of the evidence, how many draws are effective, rounds, and points at which
        the density was asked for, shape (N, 5).
    """
    conditional = MassAndDust(contest.problem.simulator, contest.problem.prior, contest.fraction)
    found = []
    for galaxy, key in enumerate(galaxy_keys(contest.flux.numpy())):
        random = stream(contest.seed, "mixtures", key)
        density = MarginalDensity(contest.density(slice(galaxy, galaxy + 1)), conditional, random)
        theta, log_weight = bank.nearest(contest.flux[galaxy].numpy(), settings.nearest)
        start = theta[:, conditional.rest], log_weight
        ours = mixture_rounds(density, *density.ends, effective, random, start)
        share = ours.effective / len(ours.draws)
        found.append((share, ours.log_evidence, ours.effective, ours.rounds, density.calls))
    return np.array(found)


def walkers(contest: Contest, settings: FrontierWalk) -> np.ndarray:
    """Return where walkers start, in phi of RelativeDensity, shape (N, ensembles, walkers, columns).

    They are draws of the prior, but for the mass, which the level of the spectrum tells.
    """
    prior, found = contest.problem.prior, []
    random = generator(contest.seed, f"walkers {contest.problem.free}")
    wanted = settings.ensembles * settings.walkers
    for galaxy in range(len(contest.flux)):
        density = RelativeDensity(contest.density(slice(galaxy, galaxy + 1)))
        inside = torch.empty(0, len(prior.low), dtype=torch.float64)
        while len(inside) < wanted:  # masses near an end of the prior may lie beyond it
            phi = prior.sample(wanted, random)
            phi[:, MASS] = _SPREAD * torch.randn(wanted, generator=random, dtype=torch.float64)
            inside = torch.cat([inside, phi[density(phi).isfinite()]])
        found.append(inside[:wanted])
    return torch.stack(found).numpy().reshape(len(found), settings.ensembles, settings.walkers, -1)


def by_emcee(contest: Contest, start: np.ndarray, burn_in: int, steps: int, thin: int) -> np.ndarray:
    """Return every thin-th position of walkers side by side, in phi, (N, ensembles, walkers, steps // thin, columns).

    Args:
        start: shape (N, ensembles, walkers, columns).
        burn_in, steps: before the first position, and after that.
    """
    density = vectorised(RelativeDensity(contest.density(slice(None))))
    streams = [stream(contest.seed, "walk", key) for key in galaxy_keys(contest.flux.numpy())]
    return walk(density, start, burn_in, steps, thin, contest.seed, streams)[0]


def convergence(chains: np.ndarray) -> np.ndarray:
    """Return the least effective sample size and the largest R-hat of all columns, shape (N, 2)."""
    return np.array([(effective_sample_size(chain).min(), split_r_hat(chain).max()) for chain in chains])


def by_nautilus(contest: Contest, galaxy: int, settings: FrontierNested, effective: float) -> NestedSample:
    """Return nautilus's sample of one galaxy, so many of whose draws are effective."""
    density = RelativeDensity(contest.density(slice(galaxy, galaxy + 1)))
    size = int(np.ceil(effective))
    return nested_sample(density, settings.live, settings.networks, size, contest.seed + galaxy)
