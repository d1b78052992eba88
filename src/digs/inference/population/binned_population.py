r"""A population as a histogram in one or more parameters, as smooth as the data ask for.

The logarithms of the cells' probabilities have a normal prior that makes third differences small. These are 0 for a
normal distribution, so that strong smoothing leads to one (Silverman 1982, Ann. Stat. 10, 795). How rough the
histogram may be is left to the evidence: each of some roughnesses weighs what its normal approximation (Laplace's)
gives it, and the histograms are drawn from the posterior itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from digs.base.errors import DigsError
from digs.base.progress import progress
from digs.base.random_streams import stream
from digs.base.statistics import resample_systematically
from digs.inference.population.cell_grid import CellGrid
from digs.inference.population.draw_noise import EFFECTIVE
from digs.inference.population.elliptical_slices import elliptical_slices
from digs.inference.population.interim_draws import InterimDraws, OfPlaces
from digs.inference.population.population_moments import PopulationMoments
from digs.inference.population.smooth_histogram import SmoothHistogram, softmax

_ROUGHNESS = np.geomspace(1e-3, 1, 7)  # standard deviations of third differences of ln of the probability
_RIDGE = 1e-6  # the precision of what smoothing leaves free
_THIN = 3  # steps of the walk for each draw


@dataclass(frozen=True)
class BinnedPopulation(PopulationMoments):
    """Draws of the posterior of a histogram, with its moments.

    edges: of the bins of each parameter.
    share: the probability of each cell, shape (draws, bins, ...).
    """

    edges: tuple[np.ndarray, ...]
    share: np.ndarray

    def density(self, name: str) -> np.ndarray:
        """Return the density of one parameter in its bins, the others summed over, shape (draws, bins).

        Raises:
            DigsError: there is no such parameter.
        """
        if name not in self.names:
            raise DigsError(f"There is no parameter '{name}' in this population; choose from: {', '.join(self.names)}.")
        place = self.names.index(name)
        others = tuple(axis + 1 for axis in range(len(self.names)) if axis != place)
        return self.share.sum(others) / np.diff(self.edges[place])


def binned_population(
    draws: InterimDraws,
    edges: Mapping[str, np.ndarray],
    detection: OfPlaces | None = None,
    seed: int = 0,
    number: int = 1000,
    effective: float = EFFECTIVE,
) -> BinnedPopulation:
    """Return the posterior of the histogram of a population; outside its edges there is none of it.

    Where draws have ends, galaxies come from the part of the histogram that is inside theirs; it is the one before.

    Args:
        draws: of the catalogue's galaxies, without their prior.
        edges: of four or more bins of equal width, by parameter.
        detection: as of normal_population.
        seed: of all random numbers.
        number: of draws of the histogram's posterior.
        effective: the fewest effective draws of a galaxy under the population found.
    Raises:
        DigsError: the edges are not as above, or lie beyond the interim prior; a galaxy has no draw between them, or
            too few; or the population is narrower than a bin.

    Example:
        >>> import numpy as np
        >>> from digs.inference.population.binned_population import binned_population
        >>> from digs.inference.population.interim_draws import InterimDraws
        >>> random = np.random.default_rng(1)
        >>> measured = random.normal(10, np.hypot(0.4, 0.2), (100, 1, 1))
        >>> values = measured + 0.2 * random.normal(size=(100, 500, 1))
        >>> flat = lambda places: np.zeros(places.shape[:-1])
        >>> draws = InterimDraws(("logmass",), values, flat(values), np.arange(100), flat)
        >>> found = binned_population(draws, {"logmass": np.linspace(8, 12, 21)}, number=200)
        >>> width = found.summary()["width of logmass"]
        >>> found.density("logmass").shape, abs(width["value"] - 0.4) < 3 * width["error"]
        ((200, 20), True)
    """
    grid = CellGrid.of(draws.names, edges)
    detected, counts = _detected(grid, draws, detection)
    first, second = grid.sums(draws)
    start, roughness = _normal_start(grid, draws), grid.roughness()
    fits = []
    for level in progress(_ROUGHNESS, desc="Binned population", unit="roughness"):
        precision = roughness / level**2 + _RIDGE * np.eye(len(roughness))
        fits.append(SmoothHistogram(grid, first, second, detected, counts, precision, start))
    random = stream(seed, "binned population")
    chosen = np.sort(resample_systematically(np.array([fit.log_evidence for fit in fits]), number, random))
    best = fits[int(np.bincount(chosen).argmax())]
    best.noise.check(best.covariance, draws.rows, effective)
    parts = []
    for place, times in zip(*np.unique(chosen, return_counts=True), strict=True):
        fit = fits[place]
        h = elliptical_slices(fit.log_density, fit.mode, fit.factor, times, _THIN, random)
        parts.append(fit.noise.added(h, fit.covariance, random))
    share = softmax(np.concatenate(parts))
    inside = 1.0
    if draws.ends is not None:
        of_kinds, kinds = draws.ends.cells(grid.edges)
        inside = float(share.mean(0) @ (kinds @ of_kinds) / kinds.sum())
    mean, covariance = grid.moments(share)
    found = BinnedPopulation(
        names=grid.names,
        mean=mean,
        covariance=covariance,
        effective=best.noise.effective,
        noise=best.noise.ratio(best.covariance),
        rows=draws.rows,
        inside=inside,
        edges=grid.edges,
        share=share.reshape(-1, *grid.shape),
    )
    narrow = np.median(found.width, axis=0) < grid.width
    if narrow.any():
        name = grid.names[int(narrow.argmax())]
        raise DigsError(f"The population is narrower than a bin in {name}; take narrower bins.")
    return found


def _detected(grid: CellGrid, draws: InterimDraws, detection: OfPlaces | None) -> tuple[np.ndarray, np.ndarray]:
    """The probability that a galaxy of a cell is in the catalogue, (kinds, cells), and the galaxies of each kind."""
    seen = np.ones(len(grid.centers)) if detection is None else grid.mean_of(detection)
    if draws.ends is not None:
        inside, counts = draws.ends.cells(grid.edges)
        beyond = ~(inside > 0).any(0)
    else:
        inside, counts = np.ones((1, len(seen))), np.array([len(draws.rows)])
        beyond = np.isneginf(grid.mean_of(draws.log_interim))
    if (beyond := beyond & (seen > 0)).any():
        places = ", ".join(
            f"{name} = {value:.4g}" for name, value in zip(grid.names, grid.centers[beyond][0], strict=True)
        )
        raise DigsError(
            f"The cell at {places} reaches beyond the interim prior, where there are no draws; end it there."
        )
    return inside * seen, counts


def _normal_start(grid: CellGrid, draws: InterimDraws) -> np.ndarray:
    """ln of a normal density with the mean and the covariance of all draws together, in the cells."""
    mean, covariance = draws.moments()
    off = grid.centers - mean
    return -((off @ np.linalg.inv(covariance)) * off).sum(1) / 2
