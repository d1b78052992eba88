"""Draws of digs.infer without their prior."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

import numpy as np

from digs.inference.engine.kept_prior import check_kept_prior_of
from digs.inference.engine.spectrum_posteriors import SpectrumPosteriors
from digs.inference.population.engine_prior import EnginePrior, Part
from digs.inference.population.interim_draws import InterimDraws

BY_HAND = "left out by hand"
_AT_ONCE = 256  # galaxies


def engine_draws(found: SpectrumPosteriors, names: Sequence[str], leave_out: Collection[int] = ()) -> InterimDraws:
    """Return the draws of spectra's posteriors in a few columns, without their prior.

    Args:
        found: of digs.infer.
        names: of the columns whose distribution is asked for.
        leave_out: rows of galaxies that are not to count.
    Raises:
        DigsError: there is no such column, or no galaxy; posteriors have another prior than that of digs.infer, as
            after with_prior; draws lie beyond it, or take too much memory.
    """
    rows = np.setdiff1d(np.flatnonzero(found.there), list(leave_out))
    prior = EnginePrior(names, found.settings.ranges)
    columns, statistics = [found.column(name) for name in names], found.statistics
    check_kept_prior_of(found, statistics, rows)

    def parts() -> Iterator[Part]:
        for first in range(0, len(rows), _AT_ONCE):
            some = slice(first, first + _AT_ONCE)
            yield some, found.draws[rows[some]][..., columns], found.log_weight[rows[some]]

    redshift = np.array([found.spectra[row].redshift for row in rows])
    return prior.divided_out(parts(), found.draws.shape[1], redshift, statistics["effective"][rows], rows)


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
