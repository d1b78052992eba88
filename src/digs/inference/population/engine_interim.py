"""Draws of digs.infer without their prior: a box whose oldest age is the universe's at the galaxy's redshift."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from digs.base.errors import DigsError
from digs.base.inputs import named
from digs.inference.engine.draw_weights import effective_number
from digs.inference.engine.model_prior import ModelPrior
from digs.inference.engine.spectrum_posteriors import SpectrumPosteriors
from digs.inference.population.interim_draws import InterimDraws
from digs.inference.population.prior_ends import PriorEnds

BY_HAND = "left out by hand"
_ROUNDING = 1e-5  # of a box's side, by which draws of single precision may lie beyond it


def engine_draws(
    found: SpectrumPosteriors,
    names: Sequence[str],
    marginals: Mapping[str, Any] | None = None,
    leave_out: Collection[int] = (),
) -> InterimDraws:
    """Return the draws of spectra's posteriors in a few columns, without their prior.

    Args:
        found: of digs.infer.
        names: of the columns whose distribution is asked for.
        marginals: the prior of your own that `found` has, as it was given to with_prior.
        leave_out: rows of galaxies that are not to count.
    Raises:
        DigsError: there is no such column, or no galaxy; draws lie beyond the prior.
    """
    rows = np.setdiff1d(np.flatnonzero(found.there), list(leave_out))
    prior = EnginePrior(names, found.settings.ranges, marginals or {})
    columns = [found.column(name) for name in names]
    for name in prior.marginals:
        found.column(name)
    return prior.divided_out(
        found.draws[rows][..., columns],
        found.log_weight[rows],
        np.array([found.spectra[row].redshift for row in rows]),
        found.statistics["effective"][rows],
        rows,
    )


def left_out(verdict: np.ndarray, there: np.ndarray, rows: np.ndarray) -> dict[str, int]:
    """Return how many galaxies are left out of a population, by the reason.

    Args:
        verdict: of all galaxies, shape (N,).
        there: which of them have a posterior, shape (N,).
        rows: of the galaxies that are not left out.

    Example:
        >>> import numpy as np
        >>> from digs.inference.population.engine_interim import left_out
        >>> left_out(np.array(["trusted", "outside the model", "trusted"]), np.array([True, False, True]), [0])
        {'left out by hand': 1, 'outside the model': 1}
    """
    other = np.setdiff1d(np.arange(len(verdict)), rows)
    reasons = [BY_HAND if there[row] else str(verdict[row]) for row in other]
    return dict(sorted(Counter(reasons).items()))


class EnginePrior:
    """The prior of digs.infer in a few columns, the others integrated out.

    Args:
        names: of the columns.
        ranges: as of EngineSettings.
        marginals: distributions that came on top by with_prior; those of other columns stay in the posteriors.
    """

    def __init__(self, names: Sequence[str], ranges: Mapping[str, tuple[float, float]], marginals: Mapping[str, Any]):
        if not names or len(set(names)) < len(names) or isinstance(names, str):
            raise DigsError('The columns of a population are not clear; give a list such as ["logmass", "tage"].')
        self.names, self.marginals = tuple(names), dict(marginals)
        self._ranges = {name: tuple(ends) for name, ends in ranges.items()}

    def at(self, redshift: float) -> ModelPrior:
        """Return the prior of a galaxy without the marginals."""
        return ModelPrior(self.names, redshift, self._ranges)

    def divided_out(
        self,
        values: np.ndarray,
        log_weight: np.ndarray,
        redshift: np.ndarray,
        independent: np.ndarray,
        rows: np.ndarray,
    ) -> InterimDraws:
        """Return draws without their prior.

        Args:
            values: shape (N, draws, d).
            log_weight: ln of the weights, of any level, shape (N, draws).
            redshift: shape (N,).
            independent: how many independent draws are behind those of each galaxy, shape (N,).
            rows: of the galaxies in their catalogue, shape (N,).
        Raises:
            DigsError: there is no galaxy; draws lie beyond the prior.
        """
        if not len(rows):
            raise DigsError("No galaxy of this catalogue has a posterior, so that there is no population to be found.")
        priors = {each: self.at(each) for each in np.unique(redshift).tolist()}
        low, high = (
            np.stack([getattr(priors[each], end).numpy() for each in redshift.tolist()]) for end in ("low", "high")
        )
        inside = values.clip(low[:, None], high[:, None])
        beyond = (np.abs(inside - values) > _ROUNDING * (high - low)[:, None]).any((1, 2))
        if beyond.any():
            raise DigsError(
                f"Draws of {named(rows[beyond])} lie beyond the prior that these posteriors are said to have; infer "
                "them anew."
            )
        log_prior = np.stack(
            [
                priors[each].log_prob(torch.from_numpy(one)).numpy()
                for each, one in zip(redshift.tolist(), inside, strict=True)
            ]
        )
        log_marginals, weighed = self.log_marginals(inside), ~np.isneginf(log_weight)
        with np.errstate(invalid="ignore"):
            of_engine = np.where(weighed, log_weight - log_marginals, -np.inf)
            without = np.where(weighed, of_engine - log_prior, -np.inf)
        if (wrong := ~np.isfinite(without.max(1))).any():
            raise DigsError(
                f"The prior given excludes draws of {named(rows[wrong])}; give the prior that was given to with_prior."
            )
        by_weight = np.array([effective_number(each) for each in of_engine])
        ends = PriorEnds(low[0], high)
        widest = self.at(float(redshift.min()))
        log_interim = lambda places: widest.log_prob(torch.from_numpy(places)).numpy() + self.log_marginals(places)
        return InterimDraws(
            self.names, inside, without, rows, log_interim, ends, (by_weight / independent.clip(1)).clip(1)
        )

    def log_marginals(self, places: np.ndarray) -> np.ndarray:
        """Return ln of the densities of the marginals of these columns, (...), of places (..., d)."""
        total = np.zeros(places.shape[:-1])
        for name in set(self.names) & set(self.marginals):
            total += self.marginals[name].logpdf(places[..., self.names.index(name)])
        return total
