"""What each network is shown: the three ways to make training pairs that the lookup experiment compares.

`library`: spectra of a library, each with its own theta. `lookup`: theta drawn afresh, with the spectrum of the nearest
library member, as the released code of Khullar et al. (2022) does it. `exact`: theta drawn afresh, with its own
spectrum from the exact simulator. In all of them the noise is new for every pair, and each worker (digs.workers) has
pairs of its own.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from digs.noise import add_noise
from digs.pairs import ExactPairs, LibraryPairs, Pairs, nearest_member
from digs.priors import Prior
from digs.rng import generator
from digs.settings import Network
from digs.simulator import Simulator
from digs.workers import worker, workers

Sample = tuple[Tensor, Tensor]  # theta, shape (N, 5), and noisy spectra, shape (N, pixels)

HELD_OUT = 20_000  # pairs that no network is trained on
EXAMPLES = 9_000  # pairs that standardisations are taken from


@dataclass(frozen=True)
class Recipe:
    """Training pairs, held-out pairs and some more to take standardisations from.

    distinct_held_out: how many noiseless spectra the held-out pairs have; they are gone through again and again.
    """

    pairs: Pairs
    held_out: Sample
    example: Sample
    distinct_held_out: int


def _stream(settings: Network) -> torch.Generator:
    """Random numbers of this worker's training pairs."""
    return generator(settings.seed, f"pairs of worker {worker()}")


def library_recipe(library: Sample, settings: Network, fraction: float) -> Recipe:
    """Library spectra with their own theta; some members are held out, with many realisations of the noise."""
    theta, flux = library
    split = torch.randperm(len(theta), generator=generator(settings.seed, "split"))
    held, used = split.tensor_split([max(1, round(settings.validation_fraction * len(theta)))])
    realisations = -(-HELD_OUT // len(held))
    return Recipe(
        LibraryPairs(theta[used], flux[used], fraction, _stream(settings)),
        (
            theta[held].repeat(realisations, 1),
            add_noise(flux[held].repeat(realisations, 1), generator(settings.seed, "held out"), fraction),
        ),
        (theta[used], add_noise(flux[used], generator(settings.seed, "example"), fraction)),
        len(held),
    )


def exact_sample(simulator: Simulator, prior: Prior, fraction: float, number: int, seed: int, purpose: str) -> Sample:
    """So many theta of the prior, each with its own spectrum."""
    return next(ExactPairs(simulator, prior, fraction, generator(seed, purpose)).epoch(number, number))


def looked_up_sample(library: Sample, prior: Prior, fraction: float, number: int, seed: int, purpose: str) -> Sample:
    """So many theta of the prior, each with the spectrum of the nearest library member."""
    members, flux = library
    theta = prior.sample(number, generator(seed, f"{purpose} theta"))
    return theta, add_noise(flux[nearest_member(theta, members)], generator(seed, purpose), fraction)


def lookup_recipe(library: Sample, prior: Prior, settings: Network, fraction: float) -> Recipe:
    """One new theta for each pair of an epoch, with the spectrum of the nearest library member."""
    members, flux = library
    theta = prior.sample(settings.pairs // workers(), generator(settings.seed, f"pairs of worker {worker()} theta"))
    return Recipe(
        LibraryPairs(theta, flux, fraction, _stream(settings), nearest_member(theta, members)),
        looked_up_sample(library, prior, fraction, HELD_OUT, settings.seed, "held out"),
        looked_up_sample(library, prior, fraction, EXAMPLES, settings.seed, "example"),
        HELD_OUT,
    )


def exact_recipe(simulator: Simulator, prior: Prior, settings: Network, fraction: float) -> Recipe:
    """The exact simulator's spectrum of every theta."""
    distinct = settings.distinct and prior.sample(settings.distinct, generator(settings.seed, "distinct theta"))
    return Recipe(
        ExactPairs(simulator, prior, fraction, _stream(settings), distinct),
        exact_sample(simulator, prior, fraction, HELD_OUT, settings.seed, "held out"),
        exact_sample(simulator, prior, fraction, EXAMPLES, settings.seed, "example"),
        HELD_OUT,
    )
