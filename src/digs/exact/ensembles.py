"""Reference posteriors of many galaxies at once: emcee ensembles that walk side by side.

One likelihood call for a few walkers takes almost as long as one for thousands. So the ensembles of all galaxies are
rows of one emcee sampler, whose moves pair walkers of the same ensemble only. Rows are in equal blocks, one an
ensemble, and ensembles in equal blocks, one a galaxy.

Moves: differential evolution (ter Braak 2006; Nelson et al. 2013), now and then with its full step, which leads from
one mode to another, and emcee's stretch move (Goodman & Weare 2010).
"""

import math
from collections.abc import Callable

import emcee
import numpy as np

from digs.base.imports import arviz
from digs.base.progress import progress
from digs.base.random_streams import mersenne_twister


class _Apart:
    """What makes a move of emcee keep its ensembles apart.

    Args:
        ensembles: how many equal blocks the walkers form.
        options: of the move.
    """

    def __init__(self, ensembles: int, **options):
        super().__init__(randomize_split=False, **options)  # even walkers against odd ones, block by block
        self.ensembles = ensembles

    def _partners(self, walkers: int, others: np.ndarray, number: int, random: np.random.RandomState) -> np.ndarray:
        """Different walkers of the other half of each one's own ensemble, shape (number, walkers, dimensions)."""
        size = len(others) // self.ensembles
        order = random.rand(walkers, size).argsort(1)[:, :number].T
        return others[np.arange(walkers) // (walkers // self.ensembles) * size + order]


class EvolutionApart(_Apart, emcee.moves.DEMove):
    """emcee's differential evolution within each ensemble."""

    def get_proposal(self, sample: np.ndarray, complement: list[np.ndarray], random: np.random.RandomState):
        """Return where the walkers of one half would go, and ln of the factors of the acceptance."""
        first, second = self._partners(len(sample), complement[0], 2, random)
        gamma = self.g0 * (1 + self.sigma * random.randn(len(sample), 1))
        return sample + gamma * (second - first), np.zeros(len(sample))


class StretchApart(_Apart, emcee.moves.StretchMove):
    """emcee's stretch move within each ensemble."""

    def get_proposal(self, sample: np.ndarray, complement: list[np.ndarray], random: np.random.RandomState):
        """Return where the walkers of one half would go, and ln of the factors of the acceptance."""
        (partner,) = self._partners(len(sample), complement[0], 1, random)
        stretch = ((self.a - 1) * random.rand(len(sample)) + 1) ** 2 / self.a
        proposal = partner + stretch[:, None] * (sample - partner)
        return proposal, (sample.shape[1] - 1) * np.log(stretch)


def walk(
    log_prob: Callable[[np.ndarray], np.ndarray],
    start: np.ndarray,
    burn_in: int,
    steps: int,
    thin: int,
    seed: int,
    description: str = "Walking",
) -> np.ndarray:
    """Walk with all ensembles.

    Args:
        log_prob: of rows that are in equal blocks, one a galaxy: (N, dimensions) to (N,).
        start: first positions, shape (galaxies, ensembles, walkers, dimensions), an even number of walkers.
    Returns:
        every thin-th position after burn-in, shape (galaxies, ensembles, walkers, steps // thin, dimensions).
    """
    apart, dimensions = math.prod(start.shape[:2]), start.shape[-1]
    moves = [
        (EvolutionApart(apart), 0.8),
        (EvolutionApart(apart, gamma0=1.0, sigma=0.01), 0.1),
        (StretchApart(apart), 0.1),
    ]
    rows = start.reshape(-1, dimensions)
    sampler = emcee.EnsembleSampler(len(rows), dimensions, log_prob, moves=moves, vectorize=True)
    state = emcee.State(rows, random_state=mersenne_twister(seed).get_state())
    kept = np.empty((steps // thin, *start.shape), dtype=np.float32)
    with progress(total=burn_in + steps, desc=description, unit="step") as bar:
        walking = sampler.sample(state, iterations=burn_in + steps, store=False, skip_initial_state_check=True)
        for number, state in enumerate(walking, 1 - burn_in):
            bar.update()
            if number > 0 and number % thin == 0:
                kept[number // thin - 1] = state.coords.reshape(start.shape)
    return np.moveaxis(kept, 0, 3)


def split_r_hat(chain: np.ndarray) -> np.ndarray:
    """Return rank-normalised split R-hat (Vehtari et al. 2021) between ensembles, shape (dimensions,).

    Args:
        chain: of one galaxy, shape (ensembles, walkers, steps, dimensions). The walkers of an ensemble are no chains of
            their own, as each moves by the others; an ensemble is one chain, all of its walkers at each step.

    Example:
        >>> import numpy as np
        >>> from digs.exact import split_r_hat
        >>> chain = np.random.default_rng(1).standard_normal((4, 10, 100, 2))
        >>> chain[0, ..., 1] += 2  # where one ensemble is elsewhere
        >>> (split_r_hat(chain) < 1.01).tolist()
        [True, False]
    """
    merged = chain.swapaxes(1, 2).reshape(len(chain), -1, chain.shape[-1])
    return np.array([arviz().rhat(merged[..., place]) for place in range(chain.shape[-1])])


def effective_sample_size(chain: np.ndarray) -> np.ndarray:
    """Return the bulk effective sample size (Vehtari et al. 2021) of all walkers, shape (dimensions,).

    Args:
        chain: as of split_r_hat.
    """
    walkers = chain.reshape(-1, *chain.shape[2:])
    return np.array([arviz().ess(walkers[..., place], method="bulk") for place in range(chain.shape[-1])])
