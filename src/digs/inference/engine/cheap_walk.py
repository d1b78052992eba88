"""emcee's walk on the cheap likelihood, from which the exact one chooses: for posteriors that no network knows.

Where theta has no coordinates in which its posterior is nearly normal, as with a binned history, mixtures that learn
from their own draws may stop short of the ends of bent ridges, and the effective number does not show it. A walk
reaches these, and of the cheap likelihood it costs little. Its draws are then weighted by exact over cheap likelihood
and chosen by these weights (sampling importance resampling, Rubin 1988), which are nearly the same for all.
"""

from dataclasses import dataclass

import numpy as np

from digs.base.statistics import resample_systematically
from digs.exact.emcee_walk import autocorrelation_time, sample_ensemble
from digs.inference.engine.draw_weights import effective_number
from digs.inference.engine.first_guess import cheap_target
from digs.inference.engine.fixed_covariance import FixedCovariance
from digs.inference.engine.galaxy_problem import GalaxyProblem

_WALKERS = 48
_BURN_IN = 4  # times as many steps are walked after it
_CHOSEN_FROM = 4  # times as many draws as are wanted


@dataclass(frozen=True)
class CheapWalk:
    """Draws of the walk.

    z: shape (N, d), in an order of chance.
    log_target: of the cheap likelihood there, shape (N,).
    independent: how many draws of the whole walk are, by its autocorrelation time.
    calls: of the cheap likelihood.
    """

    z: np.ndarray
    log_target: np.ndarray
    independent: float
    calls: int

    @classmethod
    def of(
        cls,
        problem: GalaxyProblem,
        forms: FixedCovariance,
        start: tuple[np.ndarray, np.ndarray],
        steps: int,
        draws: int,
        random: np.random.Generator,
    ) -> "CheapWalk":
        """Return the draws of a walk, four times as many as are wanted, from which the exact likelihood may choose.

        Args:
            problem: of the galaxy.
            forms: its cheap likelihood.
            start: z, shape (N, d), and ln weights, (N,), of draws from which walkers start.
            steps: of the walk, after as many again by four of burn-in.
            draws: that are wanted.
            random: source of random numbers.
        """
        log_target = lambda z: cheap_target(problem, forms, *problem.coordinates.at(z))
        z, log_weight = start
        first = z[resample_systematically(log_weight, _WALKERS, random)]
        first = first + 1e-3 * random.standard_normal(first.shape)  # no two walkers at one place
        seed = int(random.integers(2**31))
        chain = sample_ensemble(log_target, first, [steps // _BURN_IN], steps, seed, description="Walk")
        time = np.nanmax(autocorrelation_time(chain.theta))
        wanted = _CHOSEN_FROM * draws
        rows = random.choice(len(chain.flat), wanted, replace=wanted > len(chain.flat))
        independent = len(chain.flat) / max(time, 1.0) if np.isfinite(time) else 0.0
        return cls(chain.flat[rows], chain.log_prob.reshape(-1)[rows], float(independent), chain.calls)

    def chosen(self, log_target: np.ndarray, draws: int, random: np.random.Generator) -> tuple[np.ndarray, float]:
        """Return rows of draws that follow the exact likelihood, and how many of them are effective.

        Args:
            log_target: of the exact likelihood at z, shape (N,).
            draws: how many.
            random: source of random numbers.
        """
        log_weight = log_target - self.log_target
        share = effective_number(log_weight) / len(log_weight)
        return resample_systematically(log_weight, draws, random), min(self.independent, len(self.z)) * share
