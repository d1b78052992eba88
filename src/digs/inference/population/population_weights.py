r"""The draws of galaxies weighted as members of their population, which all galaxies together have told.

Of galaxy i, given the data of all galaxies, the draw s has the probability

    \left\langle \frac{w_is p(x_is | \phi) / \pi(x_is)}{\sum_t w_it p(x_it | \phi) / \pi(x_it)} \right\rangle,

the mean over the draws of \phi. Where a galaxy's own data say little, it comes near the rest (Hogg, Myers & Bovy 2010).
"""

import numpy as np
from scipy.stats import multivariate_normal

from digs.base.progress import progress
from digs.inference.population.binned_population import BinnedPopulation
from digs.inference.population.cell_grid import CellGrid
from digs.inference.population.interim_draws import InterimDraws
from digs.inference.population.population_moments import PopulationMoments

_POPULATIONS = 100  # draws of phi, evenly spaced


def population_weights(fit: PopulationMoments, draws: InterimDraws) -> np.ndarray:
    """Return the weights of the draws, shape (N, draws): those of a galaxy add up to 1.

    Args:
        fit: the population of these galaxies.
        draws: of them, without their prior.

    Example:
        >>> import numpy as np
        >>> from digs.inference.population.interim_draws import InterimDraws
        >>> from digs.inference.population.normal_population import normal_population
        >>> from digs.inference.population.population_weights import population_weights
        >>> random = np.random.default_rng(1)
        >>> values = random.normal(10, np.hypot(0.3, 0.3), (50, 1, 1)) + 0.3 * random.normal(size=(50, 900, 1))
        >>> flat = lambda places: np.zeros(places.shape[:-1])
        >>> draws = InterimDraws(("logmass",), values, flat(values), np.arange(50), flat)
        >>> weight = population_weights(normal_population(draws, number=500), draws)
        >>> after = (weight * values[..., 0]).sum(1)  # the means of galaxies, which come near the rest
        >>> bool(after.std() < 0.7 * values.mean(1).std())
        True
    """
    chosen = np.unique(np.linspace(0, len(fit.mean) - 1, _POPULATIONS).astype(int))
    weight = np.zeros(draws.log_weight.shape)
    for place in progress(chosen, desc="Galaxies of the population", unit="draw"):
        term = draws.log_weight + _log_density(fit, place, draws.values)
        share = np.exp(term - term.max(1, keepdims=True))
        weight += share / share.sum(1, keepdims=True) / len(chosen)
    return weight


def _log_density(fit: PopulationMoments, place: int, values: np.ndarray) -> np.ndarray:
    """Ln of the density of one draw of the population, up to a constant, (...), at values (..., d)."""
    if isinstance(fit, BinnedPopulation):
        cell, inside = CellGrid(fit.names, fit.edges).places(values)
        with np.errstate(divide="ignore"):
            return np.where(inside, np.log(fit.share[place].ravel()[cell]), -np.inf)
    return np.reshape(multivariate_normal(fit.mean[place], fit.covariance[place]).logpdf(values), values.shape[:-1])
