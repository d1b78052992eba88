r"""Whether posteriors have the prior of digs.infer still, which their weights and evidences tell.

The engine's evidence is the mean of the weights of all draws, n of which m are effective, so that its error is
\sqrt{1 / m - 1 / n}; draws of emcee have even weights. A prior that came on top by reweighting has changed the one or
the other, and leaves m unknown (digs.inference.engine.prior_of_user); weights of a population
(CataloguePopulation.galaxies) have no evidence.
"""

from collections.abc import Mapping

import numpy as np

from digs.base.errors import DigsError
from digs.base.inputs import named
from digs.inference.results.galaxy_draws import REFITTED, GalaxyDraws

_ROUNDING = 1e-9  # of an error
_UNEVEN = 1e-6  # nat
_REMEDY = "give its posteriors as they were before with_prior or another reweighting"


def check_kept_prior(
    rows: np.ndarray,
    verdict: np.ndarray,
    even: np.ndarray,
    evidence_error: np.ndarray,
    effective: np.ndarray,
    calls: np.ndarray,
    remedy: str = _REMEDY,
) -> None:
    """Refuse posteriors whose prior is no longer that of digs.infer.

    Args:
        rows: of galaxies that have a posterior, shape (N,), as all below.
        verdict: on each.
        even: whether all draws have the same weight.
        evidence_error: of ln of the evidence.
        effective, calls: of the engine's statistics: independent draws, and calls of the likelihood.
        remedy: what the message tells to do.
    Raises:
        DigsError: there are some.

    Example:
        >>> import numpy as np
        >>> from digs.inference.engine.kept_prior import check_kept_prior
        >>> one, of_engine = np.ones(1), np.sqrt(1 / 500 - 1 / 1000)
        >>> check_kept_prior(np.arange(1), np.array(["trusted"]), one > 1, of_engine * one, 500 * one, 1000 * one)
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = np.sqrt((1 / effective.clip(1) - 1 / calls).clip(0))
    same = np.isclose(evidence_error, expected, rtol=_ROUNDING, atol=_ROUNDING)
    unknown = np.isnan(evidence_error) | np.isnan(effective)
    changed = np.where(verdict == REFITTED, ~even, ~same) | unknown
    if changed.any():
        raise DigsError(f"The weights of {named(rows[changed])} are not those of digs.infer; {remedy}.")


def check_kept_prior_of(
    found: GalaxyDraws, statistics: Mapping[str, np.ndarray], rows: np.ndarray, remedy: str = _REMEDY
) -> None:
    """Refuse posteriors of the engine whose prior is no longer that of digs.infer.

    Args:
        found: the posteriors.
        statistics: of the engine.
        rows: of the galaxies that are looked at, which have a posterior.
        remedy: what the message tells to do.
    Raises:
        DigsError: there are some.
    """
    check_kept_prior(
        rows,
        found.verdict[rows],
        even_weights(found.log_weight[rows]),
        found.log_evidence_error[rows],
        statistics["effective"][rows],
        statistics["calls"][rows],
        remedy,
    )


def even_weights(log_weight: np.ndarray) -> np.ndarray:
    """Return which galaxies have draws of equal weights, shape (N,), of their logarithms, (N, draws)."""
    return log_weight.max(1) - log_weight.min(1) < _UNEVEN
