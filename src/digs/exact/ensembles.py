"""Reference posteriors of many galaxies at once: emcee ensembles that walk side by side.

One likelihood call for a few walkers takes almost as long as one for thousands. So the ensembles of all galaxies are
rows of one emcee sampler, whose moves pair walkers of the same ensemble only. Rows are in equal blocks, one an
ensemble, and ensembles in equal blocks, one a galaxy.

Moves: differential evolution (ter Braak 2006; Nelson et al. 2013), now and then with its full step, which leads from
one mode to another, and emcee's stretch move (Goodman & Weare 2010).

Each galaxy has a stream of random numbers of its own, and which move comes next depends on the seed alone. So if its
density does not depend on other galaxies, its walk does not.
"""

import math
from collections.abc import Callable, Sequence

import emcee
import numpy as np

from digs.base.imports import arviz
from digs.base.progress import progress
from digs.base.random_streams import mersenne_twister
from digs.config.model import FAR_BELOW
from digs.exact.stuck_walkers import freed, stuck_in

_ROUNDS = 4  # of burn-in; after each but the last, walkers that are stuck are replaced


_LEAST_STEPS = 20  # of a round that tells them


class OwnStreams:
    """Random numbers of rows in equal blocks, one a galaxy, each from its own stream."""

    def __init__(self, streams: Sequence[np.random.Generator]):
        self.streams = streams

    def _gather(self, draw: Callable, rows: int, *shape: int) -> np.ndarray:
        return np.concatenate([draw(stream, (rows // len(self.streams), *shape)) for stream in self.streams])

    def rand(self, rows: int, *shape: int) -> np.ndarray:
        """Return uniform numbers, shape (rows, *shape)."""
        return self._gather(np.random.Generator.random, rows, *shape)

    def randn(self, rows: int, *shape: int) -> np.ndarray:
        """Return standard normal numbers, shape (rows, *shape)."""
        return self._gather(np.random.Generator.standard_normal, rows, *shape)


Random = OwnStreams | np.random.RandomState


class _Apart:
    """What makes a move of emcee keep its ensembles apart.

    Args:
        ensembles: how many equal blocks the walkers form.
        random: of all proposals and of whether they are accepted; by default emcee's.
        options: of the move.
    """

    def __init__(self, ensembles: int, random: OwnStreams | None = None, **options):
        super().__init__(**options)
        self.ensembles, self.random = ensembles, random

    def propose(self, model: emcee.model.Model, state: emcee.State) -> tuple[emcee.State, np.ndarray]:
        """Move even walkers by odd ones, then odd ones by even ones, and return which of them have moved, too."""
        random = self.random or model.random
        self.setup(state.coords)
        moved = np.zeros(len(state.coords), dtype=bool)
        for half in (0, 1):
            walkers = slice(half, None, 2)
            proposal, log_factor = self.get_proposal(state.coords[walkers], [state.coords[1 - half :: 2]], random)
            log_prob, _ = model.compute_log_prob_fn(proposal)
            taken = random.rand(len(proposal)) < np.exp(np.minimum(log_factor + log_prob - state.log_prob[walkers], 0))
            state.coords[walkers][taken], state.log_prob[walkers][taken] = proposal[taken], log_prob[taken]
            moved[walkers] = taken
        return state, moved

    def _partners(self, walkers: int, others: np.ndarray, number: int, random: Random) -> np.ndarray:
        """Different walkers of the other half of each one's own ensemble, shape (number, walkers, dimensions)."""
        size = len(others) // self.ensembles
        order = random.rand(walkers, size).argsort(1)[:, :number].T
        return others[np.arange(walkers) // (walkers // self.ensembles) * size + order]


class EvolutionApart(_Apart, emcee.moves.DEMove):
    """emcee's differential evolution within each ensemble."""

    def get_proposal(self, sample: np.ndarray, complement: list[np.ndarray], random: Random):
        """Return where the walkers of one half would go, and ln of the factors of the acceptance."""
        first, second = self._partners(len(sample), complement[0], 2, random)
        gamma = self.g0 * (1 + self.sigma * random.randn(len(sample), 1))
        return sample + gamma * (second - first), np.zeros(len(sample))


class StretchApart(_Apart, emcee.moves.StretchMove):
    """emcee's stretch move within each ensemble."""

    def get_proposal(self, sample: np.ndarray, complement: list[np.ndarray], random: Random):
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
    streams: Sequence[np.random.Generator],
    far_below: float = FAR_BELOW,
    description: str = "Walking",
) -> tuple[np.ndarray, np.ndarray]:
    """Walk with all ensembles. Walkers that are stuck (exact.stuck_walkers) are replaced in burn-in, and never later.

    Args:
        log_prob: of rows that are in equal blocks, one a galaxy: (N, dimensions) to (N,).
        start: first positions, shape (galaxies, ensembles, walkers, dimensions), an even number of walkers.
        seed: of the choice of moves.
        streams: of the galaxies' random numbers.
        far_below: as of stuck_in.
    Returns:
        every thin-th position after burn-in, shape (galaxies, ensembles, walkers, steps // thin, dimensions), and
        log_prob there, shape (galaxies, ensembles, walkers, steps // thin).
    """
    apart, dimensions, random = math.prod(start.shape[:2]), start.shape[-1], OwnStreams(streams)
    moves = [
        (EvolutionApart(apart, random), 0.8),
        (EvolutionApart(apart, random, gamma0=1.0, sigma=0.01), 0.1),
        (StretchApart(apart, random), 0.1),
    ]
    rows = start.reshape(-1, dimensions)
    sampler = emcee.EnsembleSampler(len(rows), dimensions, log_prob, moves=moves, vectorize=True)
    state = emcee.State(rows, random_state=mersenne_twister(seed).get_state())
    with progress(total=burn_in + steps, desc=description, unit="step") as bar:

        def walked(length: int, every: int) -> tuple[np.ndarray, np.ndarray]:
            nonlocal state
            position = np.empty((length // every, *start.shape), dtype=np.float32)
            there = np.empty((length // every, *start.shape[:-1]))
            walking = sampler.sample(state, iterations=length, store=False, skip_initial_state_check=True)
            for number, state in enumerate(walking, 1):
                bar.update()
                if number % every == 0:
                    position[number // every - 1] = state.coords.reshape(start.shape)
                    there[number // every - 1] = state.log_prob.reshape(start.shape[:-1])
            return np.moveaxis(position, 0, 3), np.moveaxis(there, 0, 3)

        for round_number, length in enumerate(len(part) for part in np.array_split(np.arange(burn_in), _ROUNDS)):
            position, there = walked(length, 1)
            if length >= _LEAST_STEPS and round_number < _ROUNDS - 1:
                _free(state, position, there, streams, far_below)
        return walked(steps, thin)


def _free(
    state: emcee.State,
    position: np.ndarray,
    log_prob: np.ndarray,
    streams: Sequence[np.random.Generator],
    far_below: float,
) -> None:
    """Put the walkers of all galaxies that were stuck in a round of burn-in among the others."""
    shape = log_prob.shape[1:3]
    size = math.prod(shape)
    for galaxy, random in enumerate(streams):
        of_walkers = log_prob[galaxy].reshape(size, -1), position[galaxy].reshape(size, -1, position.shape[-1])
        stuck = stuck_in(*of_walkers, far_below).reshape(shape)
        if stuck.any():
            rows = slice(galaxy * size, (galaxy + 1) * size)
            taken = freed(stuck, state.log_prob[rows].reshape(shape), far_below, random).ravel()
            state.coords[rows], state.log_prob[rows] = state.coords[rows][taken], state.log_prob[rows][taken]


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
