"""What a reference posterior must fulfil: two halves of its draws, made with other random numbers, must agree.

Measured are, for both halves together and between them:

    effective           the effective number of all draws
    log_evidence_error  the standard error of ln evidence
    log_evidence        by how much the halves differ in it
    medians             by how much they differ in a median, at most, in units of the half-width
    quantiles           by how much the shares below a quantile of both differ, at most, in units of the standard error
                        that the effective numbers give, sqrt[p (1 - p) (1 / n_1 + 1 / n_2)]
    largest_weight      the share of the largest weight in all weights
    outside             draws with a weight that lie outside the prior, or are not finite
"""

from collections.abc import Sequence

import numpy as np

from digs.base.statistics import QUANTILES, ratio_and_shift, weighted_quantiles
from digs.config.stages.benchmark_settings import ReferenceRules
from digs.exact.mixture_rounds import WeightedDraws

MEASURES = (
    "effective",
    "log_evidence_error",
    "log_evidence",
    "medians",
    "quantiles",
    "largest_weight",
    "outside",
)


def measured(halves: Sequence[WeightedDraws], low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return what the rules are about, in the order of MEASURES, shape (measures,); nan where there is no number.

    Args:
        halves: two of them.
        low, high: ends of the prior, (d,) each.
    """
    both = together(halves)
    weights = [normalised(one.log_weight) for one in halves]
    quantiles = weighted_quantiles(both.draws, normalised(both.log_weight))
    own = np.stack([weighted_quantiles(one.draws, each) for one, each in zip(halves, weights, strict=True)])
    shift = np.abs(ratio_and_shift(own[:1], quantiles[None])[1] - ratio_and_shift(own[1:], quantiles[None])[1])
    below = [
        np.einsum("n,qnd->qd", each, one.draws <= quantiles[:, None]) for one, each in zip(halves, weights, strict=True)
    ]
    p = np.array(QUANTILES)[:, None]
    error = np.sqrt(p * (1 - p) * sum(1 / max(one.effective, 1.0) for one in halves))
    weighty = np.isfinite(both.log_weight)
    inside = ((both.draws >= low) & (both.draws <= high)).all(1)
    bad = (weighty & ~inside).sum() + np.isnan(both.log_weight).sum() + np.isposinf(both.log_weight).sum()
    return np.array(
        [
            both.effective,
            both.log_evidence_error,
            abs(halves[0].log_evidence - halves[1].log_evidence),
            shift.max(),
            (np.abs(below[0] - below[1]) / error).max(),
            normalised(both.log_weight).max(),
            bad,
        ]
    )


def broken(measures: np.ndarray, rules: ReferenceRules) -> list[str]:
    """Return the rules that a reference breaks, by what is measured; none for one that passes.

    Args:
        measures: as of `measured`.
        rules: at most, or at least, so much.
    """
    found = []
    for name, value in zip(MEASURES, measures, strict=True):
        bar = getattr(rules, name, 0)
        if not (value >= bar if name == "effective" else value <= bar):  # nan breaks a rule
            found.append(name)
    return found


def together(halves: Sequence[WeightedDraws]) -> WeightedDraws:
    """Return the draws of all halves as one sample: the mean of the weights has the same expectation."""
    return WeightedDraws(
        np.concatenate([one.draws for one in halves]), np.concatenate([one.log_weight for one in halves])
    )


def normalised(log_weight: np.ndarray) -> np.ndarray:
    """Return weights that add up to 1, shape (n,)."""
    weight = np.exp(log_weight - log_weight.max())
    return weight / weight.sum()
