"""Training pairs of the general network: galaxies of the wide prior, observed in ways out of a store of many."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from digs.base.errors import DigsError
from digs.base.progress import progress
from digs.base.random_streams import stream
from digs.exact.normal.moments import CoefficientMoments
from digs.files.resumable import ResumableParts
from digs.inference.general.alike_pairs import WayToObserve, amounts_and_weights, random_alike
from digs.inference.general.galaxy_components import GalaxyComponents
from digs.inference.general.wiener_summary import features_of
from digs.physics.linear.spectrum_coefficients import SpectrumCoefficients
from digs.physics.linear.wide_prior import WidePrior

LEARNED = ("logzsol", "dust2", "tage", "logtau", "gas_logz", "gas_logu", "logdispersion")


PAIRS_OF_ONE = 64  # that are observed alike, in a batch


_USES = 4  # of a galaxy in an epoch, each time observed in another way


_TRIES = 50


_EDGE = 1e-6  # of the unit cube's sides, that a point on its surface is taken to lie inside


def prior_of(redshift: float) -> WidePrior:
    """Return the prior of what the network learns."""
    return WidePrior(LEARNED, redshift)


def coordinates(theta: Tensor, prior: WidePrior) -> Tensor:
    """Return the probits of theta, shape (N, learned), in the unit cube of the prior."""
    return torch.special.ndtri(prior.to_unit(theta.double()).clamp(_EDGE, 1 - _EDGE))


class Store:
    """Many ways to observe, each of a seed and a number; kept in files until it is complete.

    Args:
        components: that the network sees.
        seed: of the ways.
        purpose: of the store, of which ways depend, too.
        number: of ways.
        parts: where they are kept.
    """

    def __init__(self, components: GalaxyComponents, seed: int, purpose: str, number: int, parts: ResumableParts):
        moments = CoefficientMoments.of(SpectrumCoefficients(free_gas=True))
        self.ways: list[WayToObserve] = []
        for each in progress(range(number), desc="Ways to observe", unit="way"):
            if f"{each}" not in parts:
                made = _way(components, moments, stream(seed, purpose, f"{each}".encode()))
                parts.save(f"{each}", _packed(made))
            self.ways.append(_unpacked(parts.load(f"{each}")))


def _way(components: GalaxyComponents, moments: CoefficientMoments, random: np.random.Generator) -> WayToObserve:
    """The first way of a stream by which a spectrum can be seen."""
    for _ in range(_TRIES):
        try:
            return random_alike(components, moments, random)[0]
        except (DigsError, np.linalg.LinAlgError):  # its pixels, or the galaxy's light in them, lie beyond the model
            continue
    raise DigsError(f"None of {_TRIES} random ways to observe galaxies can be made; give another seed.")


def _packed(one: WayToObserve) -> np.ndarray:
    """All numbers in a row, after how many there are of each."""
    values = [np.atleast_1d(np.asarray(getattr(one, each.name), dtype=np.float32)) for each in fields(one)]
    shapes = [[*value.shape, 0][:2] for value in values]
    return np.concatenate([np.ravel(shapes).astype(np.float32), *(value.ravel() for value in values)])


def _unpacked(row: np.ndarray) -> WayToObserve:
    each, found = fields(WayToObserve), {}
    shapes, place = row[: 2 * len(each)].astype(int).reshape(-1, 2), 2 * len(each)
    for field, shape in zip(each, shapes, strict=True):
        shape = shape[shape > 0]
        size = int(shape.prod())
        value = row[place : place + size].reshape(shape)
        found[field.name] = value if field.type is np.ndarray else field.type(value[0])
        place += size
    return WayToObserve(**found)


class GeneralPairs:
    """Pairs of what the network learns and what it sees.

    Args:
        ways: to observe.
        generator: source of all random numbers.
    """

    def __init__(self, ways: Sequence[WayToObserve], generator: torch.Generator):
        self.ways, self.generator = ways, generator
        self._coefficients = SpectrumCoefficients(free_gas=True)
        self._priors = [prior_of(way.redshift) for way in ways]

    def epoch(self, pairs: int, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield batches: coordinates and how much each pair counts, (N, learned + 1), and features, (N, features).

        Args:
            pairs: how many in all.
            batch_size: how many at a time, of which PAIRS_OF_ONE each are observed alike; the last may have fewer.
        """
        random = np.random.default_rng(torch.randint(2**62, (2,), generator=self.generator).tolist())
        theta, galaxies = self._galaxies(max(pairs // _USES, PAIRS_OF_ONE))
        done = 0
        while done < pairs:
            wanted = min(batch_size, pairs - done)
            which = random.integers(len(self.ways), size=-(-wanted // PAIRS_OF_ONE))
            parts = [self._alike(one, theta, galaxies, random) for one in which]
            yield tuple(torch.from_numpy(np.concatenate(each)[:wanted]) for each in zip(*parts, strict=True))
            done += wanted

    def _galaxies(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Theta by ascending age, and amounts of shapes and lines, both (number, columns), float32."""
        names = self._coefficients.names
        theta = WidePrior(names).sample(number, self.generator)
        theta = theta[theta[:, names.index("tage")].argsort()]
        amounts = self._coefficients(theta)
        amounts /= amounts[:, : self._coefficients.shapes].norm(dim=1, keepdim=True)
        return theta.numpy(), amounts.float().numpy()

    def _alike(
        self, which: int, theta: np.ndarray, galaxies: np.ndarray, random: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Pairs that are observed alike: of a batch, (PAIRS_OF_ONE, ...)."""
        way, prior = self.ways[which], self._priors[which]
        young = int(np.searchsorted(theta[:, self._coefficients.names.index("tage")], prior.high[2].item()))
        rows = random.integers(max(young, 1), size=PAIRS_OF_ONE)
        amounts, counts = amounts_and_weights(way, galaxies[rows], random)
        own = np.column_stack([theta[rows, 1:], np.full(len(rows), way.logdispersion)])
        y = coordinates(torch.from_numpy(own), prior).numpy()
        if way.facts[-3] > 0:  # the dispersion is known: its coordinate is noise
            y[:, -1] = random.standard_normal(len(rows))
        return np.column_stack([y, counts]).astype(np.float32), features_of(amounts, way.spread, way.facts)


def components_of(number: int, galaxies: int, seed: int, folder: Path) -> GalaxyComponents:
    """Return the components, made once for each code and settings, and then kept in a folder."""
    parts = ResumableParts(folder, [number, galaxies, seed], __file__)
    names = [each.name for each in fields(GalaxyComponents)]
    if any(name not in parts for name in names):
        found = GalaxyComponents.of(number, galaxies, seed)
        for name in names:
            parts.save(name, getattr(found, name))
    return GalaxyComponents(*(parts.load(name) for name in names))
