"""emcee's walk from weighted draws: on the exact likelihood, or on the cheap one, from which the exact one chooses.

Where theta has no coordinates in which its posterior is nearly normal, as with a binned history, mixtures that learn
from their own draws may stop short of the ends of bent ridges, and the effective number does not show it. A walk
reaches these, and of the cheap likelihood it costs little. Its draws are then weighted by exact over cheap likelihood
and chosen by these weights (sampling importance resampling, Rubin 1988), which are nearly the same for all.
"""

from dataclasses import dataclass

import numpy as np

from digs.base.statistics import resample_systematically
from digs.exact.emcee_walk import Density, autocorrelation_time, sample_ensemble
from digs.inference.engine.draw_weights import effective_number

_WALKERS = 48
_BURN_IN = 1 / 4  # of the steps that count, before them
_SETTLED = 10  # autocorrelation times, in which a walk forgets where it began,
_SHORTEST = 500  # and steps, below which these times cannot be told
_NEAR = 1e-3  # in z, to which walkers are moved apart at first


@dataclass(frozen=True)
class EnsembleWalk:
    """Where walkers have been.

    z: shape (N, d), in an order of chance.
    log_target: ln of the density there, shape (N,).
    independent: how many of these are, by the autocorrelation time; 0 where the walk is too short to tell.
    calls: of the density.
    """

    z: np.ndarray
    log_target: np.ndarray
    independent: float
    calls: int

    @classmethod
    def of(
        cls,
        log_target: Density,
        start: tuple[np.ndarray, np.ndarray],
        steps: int,
        random: np.random.Generator,
    ) -> "EnsembleWalk | None":
        """Return a walk; None where too few draws have a weight for walkers to begin at.

        Args:
            log_target: ln of the density of z, (n, d) to (n,).
            start: z, shape (N, d), and ln weights, (N,), of draws.
            steps: that count.
            random: source of random numbers.
        """
        z, log_weight = start
        if np.isfinite(log_weight).sum() < _WALKERS:
            return None
        first = z[resample_systematically(log_weight, _WALKERS, random)]
        first = first + _NEAR * random.standard_normal(first.shape)  # no two at one place
        seed = int(random.integers(2**31))
        chain = sample_ensemble(log_target, first, [round(_BURN_IN * steps)], steps, seed, description="Walk")
        time = np.nanmax(autocorrelation_time(chain.theta))
        independent = float(len(chain.flat) / max(time, 1.0)) if steps >= max(_SETTLED * time, _SHORTEST) else 0.0
        order = random.permutation(len(chain.flat))
        return cls(chain.flat[order], chain.log_prob.reshape(-1)[order], independent, chain.calls)

    def chosen(self, number: int, log_exact: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, float]:
        """Return rows of draws that follow another density, and to how many independent ones these amount.

        Args:
            number: of rows.
            log_exact: ln of that density at the first of z, shape (n,), from which rows are chosen.
            random: source of random numbers.
        """
        log_weight = log_exact - self.log_target[: len(log_exact)]
        efficiency = effective_number(log_weight) / len(log_weight)
        return resample_systematically(log_weight, number, random), self.independent * efficiency
