"""Training pairs (theta, noisy spectrum), drawn in batches. The noise is new every time; what is paired differs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from scipy.spatial import KDTree
from torch import Tensor

from digs.base.random_streams import generator
from digs.config.model import Network
from digs.physics.noise import add_noise
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.training.workers import worker, workers


class Pairs(Protocol):
    """A source of training pairs, all of whose random numbers come from one generator."""

    generator: torch.Generator

    def epoch(self, pairs: int, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield batches of theta, shape (N, 5), and noisy F_lambda, shape (N, pixels).

        Args:
            pairs: how many in all.
            batch_size: how many at a time; the last batch may have fewer.
        """
        ...


def in_rounds(size: int, number: int, generator: torch.Generator) -> Tensor:
    """Return so many of the numbers below size in random order, each equally often, to within one."""
    rounds = -(-number // size)
    orders = [torch.randperm(size, generator=generator, device=generator.device) for _ in range(rounds)]
    return torch.cat(orders)[:number]


class LibraryPairs:
    """Training pairs from the spectra of a library, every time with new noise.

    Args:
        theta: shape (N, 5).
        flux: noiseless F_lambda, shape (M, pixels).
        fraction: of the noise, in units of the model flux.
        generator: source of all random numbers.
        spectrum: which spectrum belongs to each theta, shape (N,); by default each has its own, in the same order.

    Example:
        >>> import torch, digs
        >>> from digs.training import LibraryPairs
        >>> theta = torch.tensor([[10.5, -0.4, 0.6, 1.6, -0.9], [9.5, 0.1, 0.2, 3.0, 0.3]])
        >>> pairs = LibraryPairs(theta, digs.Simulator()(theta), 0.05, torch.Generator().manual_seed(1))
        >>> [tuple(flux.shape) for theta, flux in pairs.epoch(pairs=6, batch_size=4)]
        [(4, 138), (2, 138)]
    """

    def __init__(
        self, theta: Tensor, flux: Tensor, fraction: float, generator: torch.Generator, spectrum: Tensor | None = None
    ):
        self.theta, self.flux, self.fraction, self.generator = theta, flux, fraction, generator
        self.spectrum = torch.arange(len(theta)) if spectrum is None else spectrum

    def epoch(self, pairs: int, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield batches of theta, shape (N, 5), and noisy spectra, shape (N, pixels), of so many pairs in all.

        Every theta comes equally often, to within one.
        """
        for rows in in_rounds(len(self.theta), pairs, self.generator).split(batch_size):
            flux = self.flux.index_select(0, self.spectrum.index_select(0, rows))
            yield self.theta.index_select(0, rows), add_noise(flux, self.generator, self.fraction)


def nearest_member(theta: Tensor, library: Tensor) -> Tensor:
    """Return the number of the library member nearest to each theta, shape (N,).

    The distance is the Euclidean one of the raw parameters, whatever their units. The released code of Khullar et al.
    (2022) gives the spectrum of that member to theta.

    Args:
        theta: shape (N, 5).
        library: theta of the members, shape (M, 5).

    Example:
        >>> import torch
        >>> from digs.training import nearest_member
        >>> library = torch.tensor([[10.0, 0.0, 0.5, 1.0, 0.0], [11.0, 0.0, 0.5, 3.0, 0.0]])
        >>> nearest_member(torch.tensor([[10.8, -0.1, 0.4, 2.5, 0.2]]), library).tolist()
        [1]
    """
    _, nearest = KDTree(library.numpy()).query(theta.numpy(), workers=-1)
    return torch.as_tensor(nearest.astype(np.int64))


class ExactPairs:
    """Training pairs from the exact simulator, each theta with its own spectrum, every time with new noise.

    Args:
        simulator: of the spectra.
        prior: of theta.
        fraction: of the noise, in units of the model flux.
        generator: source of all random numbers.
        theta: the only ones there are, shape (N, 5); by default every pair has a new one.

    Example:
        >>> import torch, digs
        >>> from digs.config import load_params
        >>> from digs.physics import Prior
        >>> from digs.training import ExactPairs
        >>> prior = Prior.over(load_params().prior)
        >>> pairs = ExactPairs(digs.Simulator(), prior, 0.05, torch.Generator().manual_seed(1))
        >>> [tuple(theta.shape) for theta, flux in pairs.epoch(pairs=6, batch_size=4)]
        [(4, 5), (2, 5)]
    """

    BULK = 50_000  # spectra simulated at a time: the simulator is the faster the more it is given

    def __init__(
        self,
        simulator: Simulator,
        prior: Prior,
        fraction: float,
        generator: torch.Generator,
        theta: Tensor | None = None,
    ):
        self.simulator, self.prior, self.fraction, self.generator = simulator, prior, fraction, generator
        self.theta = theta

    def _theta(self, pairs: int, bulk: int) -> Iterator[Tensor]:
        if self.theta is None:
            for start in range(0, pairs, bulk):
                yield self.prior.sample(min(bulk, pairs - start), self.generator)
        else:
            for rows in in_rounds(len(self.theta), pairs, self.generator).split(bulk):
                yield self.theta.index_select(0, rows)

    def epoch(self, pairs: int, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield batches of theta, shape (N, 5), and noisy spectra, shape (N, pixels), of so many pairs in all."""
        for theta in self._theta(pairs, max(1, self.BULK // batch_size) * batch_size):
            with torch.no_grad():
                flux = add_noise(self.simulator(theta), self.generator, self.fraction)
            yield from zip(theta.split(batch_size), flux.split(batch_size), strict=True)


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
    """Return the recipe of library spectra with their own theta; some members are held out, with many noises."""
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
    """Draw so many theta of the prior, each with its own spectrum."""
    return next(ExactPairs(simulator, prior, fraction, generator(seed, purpose)).epoch(number, number))


def looked_up_sample(library: Sample, prior: Prior, fraction: float, number: int, seed: int, purpose: str) -> Sample:
    """Draw so many theta of the prior, each with the spectrum of the nearest library member."""
    members, flux = library
    theta = prior.sample(number, generator(seed, f"{purpose} theta"))
    return theta, add_noise(flux[nearest_member(theta, members)], generator(seed, purpose), fraction)


def lookup_recipe(library: Sample, prior: Prior, settings: Network, fraction: float) -> Recipe:
    """Return the recipe of looked-up pairs: theta of the prior with the spectrum of the nearest library member.

    There is one theta for each pair of an epoch.
    """
    members, flux = library
    theta = prior.sample(settings.pairs // workers(), generator(settings.seed, f"pairs of worker {worker()} theta"))
    return Recipe(
        LibraryPairs(theta, flux, fraction, _stream(settings), nearest_member(theta, members)),
        looked_up_sample(library, prior, fraction, HELD_OUT, settings.seed, "held out"),
        looked_up_sample(library, prior, fraction, EXAMPLES, settings.seed, "example"),
        HELD_OUT,
    )


def exact_recipe(simulator: Simulator, prior: Prior, settings: Network, fraction: float) -> Recipe:
    """Return the recipe of theta with the exact simulator's spectra."""
    distinct = settings.distinct and prior.sample(settings.distinct, generator(settings.seed, "distinct theta"))
    return Recipe(
        ExactPairs(simulator, prior, fraction, _stream(settings), distinct),
        exact_sample(simulator, prior, fraction, HELD_OUT, settings.seed, "held out"),
        exact_sample(simulator, prior, fraction, EXAMPLES, settings.seed, "example"),
        HELD_OUT,
    )
