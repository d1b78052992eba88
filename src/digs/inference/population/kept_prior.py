r"""Whether posteriors have the prior of digs.infer still, which their weights and evidences tell.

The engine's evidence is the mean of the weights of all draws, n of which m are effective, so that its error is
\sqrt{1 / m - 1 / n}; draws of emcee have even weights. A prior that came on top by reweighting has changed the one or
the other, and weights of a population (CataloguePopulation.galaxies) have no evidence.
"""

import numpy as np

from digs.base.errors import DigsError
from digs.base.inputs import named
from digs.inference.results.galaxy_draws import REFITTED

_ROUNDING = 1e-9  # of an error
_UNEVEN = 1e-6  # nat


def check_kept_prior(
    rows: np.ndarray,
    verdict: np.ndarray,
    even: np.ndarray,
    evidence_error: np.ndarray,
    effective: np.ndarray,
    calls: np.ndarray,
) -> None:
    """Refuse posteriors whose prior is no longer that of digs.infer.

    Args:
        rows: of galaxies that have a posterior, shape (N,), as all below.
        verdict: on each.
        even: whether all draws have the same weight.
        evidence_error: of ln of the evidence.
        effective, calls: of the engine's statistics: independent draws, and calls of the likelihood.
    Raises:
        DigsError: there are some.

    Example:
        >>> import numpy as np
        >>> from digs.inference.population.kept_prior import check_kept_prior
        >>> one, of_engine = np.ones(1), np.sqrt(1 / 500 - 1 / 1000)
        >>> check_kept_prior(np.arange(1), np.array(["trusted"]), one > 1, of_engine * one, 500 * one, 1000 * one)
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = np.sqrt((1 / effective.clip(1) - 1 / calls).clip(0))
    same = np.isclose(evidence_error, expected, rtol=_ROUNDING, atol=_ROUNDING)
    changed = np.where(verdict == REFITTED, ~even | np.isnan(evidence_error), ~same)
    if changed.any():
        raise DigsError(
            f"The weights of {named(rows[changed])} are not those of digs.infer; give its posteriors as they were "
            "before with_prior or another reweighting."
        )


def even_weights(log_weight: np.ndarray) -> np.ndarray:
    """Return which galaxies have draws of equal weights, shape (N,), of their logarithms, (N, draws)."""
    return log_weight.max(1) - log_weight.min(1) < _UNEVEN
