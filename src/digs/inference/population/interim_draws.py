r"""Draws of a catalogue's galaxies in a few parameters, with the prior that they were made with divided out.

Galaxy i has draws x_is of weight w_is under the interim prior \pi(x). A population p(x | \phi) then has the likelihood
(Hogg, Myers & Bovy 2010, ApJ 725, 2166; Foreman-Mackey, Hogg & Morton 2014, ApJ 795, 64)

    L(\phi) \propto \prod_i \frac{1}{\alpha(\phi)} \sum_s w_{is}\, \frac{p(x_{is} | \phi)}{\pi(x_{is})},

where \alpha is the share of the population that is in the catalogue: the mean of the probability D(x) that a galaxy is
detected. That is so where the data d_i themselves decide; where galaxies are chosen by what they are, or by other data,
D(x_is) is a factor in the sum, too (InterimDraws.of_detected). Parameters that are not chosen keep the interim
prior.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from digs.base.errors import DigsError
from digs.base.inputs import named
from digs.inference.population.prior_ends import PriorEnds
from digs.inference.results.galaxy_draws import GalaxyDraws

_BLOCK = 100_000  # draws of galaxies at once

OfPlaces = Callable[[np.ndarray], np.ndarray]  # of values of the chosen parameters, (..., d) to (...)


@dataclass(frozen=True)
class InterimDraws:
    """Draws of N galaxies with weights that hold no prior.

    names: of the d parameters chosen.
    values: shape (N, draws, d); in single precision where memory counts.
    log_weight: ln of w / pi, of any level, shape (N, draws).
    rows: of the galaxies in their catalogue, shape (N,).
    log_interim: ln of the interim prior of the parameters chosen.
    ends: where the prior of each galaxy ends, which the population does, too; None where a population that reaches
        beyond the prior is refused.
    excess: of each galaxy, how many times the draws that count for one independent draw, beyond what their weights
        say, shape (N,); None where draws are independent.
    """

    names: tuple[str, ...]
    values: np.ndarray
    log_weight: np.ndarray
    rows: np.ndarray
    log_interim: OfPlaces
    ends: PriorEnds | None = None
    excess: np.ndarray | None = None

    @property
    def blocks(self) -> list[slice]:
        """Return galaxies by the block, so that what is computed of a block's draws takes little memory."""
        number, each = self.log_weight.shape
        step = max(1, _BLOCK // each)
        return [slice(first, min(first + step, number)) for first in range(0, number, step)]

    @property
    def noise_factor(self) -> np.ndarray:
        """Return the factor of the squares of sums' errors that is due to draws that are not independent, (N,)."""
        return np.ones(len(self.rows)) if self.excess is None else self.excess

    def of_detected(self, detection: OfPlaces) -> "InterimDraws":
        """Return the draws for a catalogue that was not chosen by the data which the posteriors are of.

        Args:
            detection: the probability that a galaxy is in the catalogue, of places (..., d).
        """
        with np.errstate(divide="ignore"):
            return replace(self, log_weight=self.log_weight + np.log(detection(self.values)))

    def share(self, rows: slice) -> np.ndarray:
        """Return the weights of some galaxies, shape (n, draws): those of a galaxy add up to 1."""
        log_weight = self.log_weight[rows].astype(np.float64)
        weight = np.exp(log_weight - log_weight.max(1, keepdims=True))
        return weight / weight.sum(1, keepdims=True)

    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Return mean, (d,), and covariance, (d, d), of the draws of all galaxies together."""
        d, number = len(self.names), len(self.rows)
        mean = sum(np.einsum("gs,gsi->i", self.share(rows), self.values[rows]) for rows in self.blocks) / number
        covariance = np.zeros((d, d))
        for rows in self.blocks:
            off = self.values[rows] - mean
            covariance += np.einsum("gs,gsi,gsj->ij", self.share(rows), off, off, optimize=True) / number
        return mean, covariance


def interim_draws(found: GalaxyDraws, names: Sequence[str], log_interim: OfPlaces) -> InterimDraws:
    """Return the draws of galaxies that have a posterior, without their prior.

    Galaxies without a posterior are left out: the population is that of the galaxies that the model can make.

    Args:
        found: posteriors of a catalogue.
        names: of the parameters whose distribution is asked for.
        log_interim: ln of the prior of these parameters, the others integrated out, of places (..., d).
    Raises:
        DigsError: there is no such parameter or no galaxy, or the prior is not finite at draws that have weight.

    Example:
        >>> import numpy as np
        >>> from scipy import stats
        >>> from digs.inference.population.interim_draws import interim_draws
        >>> from digs.inference.results.galaxy_draws import GalaxyDraws
        >>> from digs.inference.results.own_prior import independent_prior
        >>> age = np.random.default_rng(1).uniform(1, 3, (2, 100, 1))
        >>> nothing = np.zeros(2)
        >>> found = GalaxyDraws(
        ...     age, ["tage"], np.zeros((2, 100)), nothing, nothing, ["trusted"] * 2, [""] * 2, {}, [1, 2], "none"
        ... )
        >>> flat = independent_prior(["tage"], {"tage": stats.uniform(0, 4)})
        >>> interim_draws(found, ["tage"], flat).values.shape
        (2, 100, 1)
    """
    rows = np.flatnonzero(found.there)
    if not len(rows):
        raise DigsError("No galaxy of this catalogue has a posterior, so that there is no population to be found.")
    columns = [found.column(name) for name in names]
    values, weight = found.draws[rows][..., columns], found.weight[rows]
    with np.errstate(divide="ignore"):
        log_weight = np.log(weight)
    log_prior = log_interim(values)
    wrong = (weight > 0) & ~np.isfinite(log_prior)
    if wrong.any():
        raise DigsError(
            f"The interim prior is not finite at draws of {named(rows[wrong.any(1)])}; give the prior of these draws."
        )
    log_weight = np.where(weight > 0, log_weight - log_prior, -np.inf)
    return InterimDraws(tuple(names), values, log_weight, rows, log_interim)
