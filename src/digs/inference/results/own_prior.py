r"""A user's own prior: draws that were made with one prior are weighted to be those with another.

The posteriors differ by the ratio of the priors, so that weights are multiplied by it, and the evidence becomes

    \ln Z_{new} = \ln Z_{old} + \ln \sum_s w_s\, p_{new}(\theta_s) / p_{old}(\theta_s).

This fails where the draws hardly reach what the new prior prefers. Two numbers tell: how many draws are effective, and
how heavy the tail of the weights is, the shape k of the generalised Pareto distribution (Vehtari et al. 2024, J. Mach.
Learn. Res. 25, 72), above which no number of draws is enough. Beyond the old prior there are no draws at all.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from digs.base.errors import DigsError
from digs.base.imports import arviz
from digs.inference.results.galaxy_draws import TOO_FAR, GalaxyDraws

Found = TypeVar("Found", bound=GalaxyDraws)
LogPrior = Callable[[np.ndarray], np.ndarray]  # ln of a normalised density of theta, (..., P) to (...)

EFFECTIVE = 100  # draws, the fewest that a posterior may rest on
PARETO_K = 0.7  # of the weights, the largest that is allowed
_FAR = 8.0  # nat below the largest density at any draw: a prior that has fallen by so much has ended
_PROBES = 2000  # draws from which the ends of the old prior are looked for
_STEPS = np.geomspace(0.03, 300, 40)  # and how far, in widths of the draws


def independent_prior(names: Sequence[str], marginals: Mapping[str, Any]) -> LogPrior:
    """Return a prior in which no parameter depends on another.

    Args:
        names: of the columns of theta.
        marginals: a frozen distribution of scipy.stats for each of them.
    Raises:
        DigsError: they are of other columns.

    Example:
        >>> import numpy as np
        >>> from scipy import stats
        >>> from digs.inference.results.own_prior import independent_prior
        >>> marginals = {"logmass": stats.norm(10, 1), "dust2": stats.uniform(0, 2)}
        >>> prior = independent_prior(["logmass", "dust2"], marginals)
        >>> prior(np.array([[10.0, 1.0], [10.0, 3.0]])).round(2)
        array([-1.61,  -inf])
    """
    if set(names) != set(marginals):
        raise DigsError(f"The prior is of {', '.join(marginals)}; give a distribution for each of {', '.join(names)}.")
    ordered = [marginals[name] for name in names]
    return lambda theta: sum(each.logpdf(theta[..., place]) for place, each in enumerate(ordered))


def reweight(
    found: Found,
    log_prior_new: LogPrior,
    log_prior_old: LogPrior,
    effective: float = EFFECTIVE,
    pareto_k: float = PARETO_K,
) -> Found:
    """Return the posteriors under another prior, with weights and evidence that belong to it.

    A galaxy whose draws cannot give that posterior gets nan, the verdict "too far from its prior" and the reason. Where
    priors differ between galaxies, weight these one by one.

    Args:
        found: the posteriors under the old prior.
        log_prior_new, log_prior_old: ln of normalised densities; the level of either goes into the evidence.
        effective: the fewest effective draws.
        pareto_k: the largest shape of the tail of the weights.
    Raises:
        DigsError: the new prior reaches beyond the old one, is no number somewhere, or is too far for all galaxies.

    Example:
        >>> import numpy as np
        >>> from scipy import stats
        >>> from digs.inference.results.galaxy_draws import GalaxyDraws
        >>> from digs.inference.results.own_prior import independent_prior, reweight
        >>> age = np.random.default_rng(1).uniform(0, 10, (1, 2000, 1))  # the data said nothing
        >>> one = np.zeros(1)
        >>> found = GalaxyDraws(age, ["tage"], np.zeros((1, 2000)), one, one, ["trusted"], [""], {}, [1], "none")
        >>> old = independent_prior(["tage"], {"tage": stats.uniform(0, 10)})
        >>> new = independent_prior(["tage"], {"tage": stats.norm(5, 1)})
        >>> reweight(found, new, old).quantiles((0.16, 0.5, 0.84)).round(0).ravel().tolist()
        [4.0, 5.0, 6.0]
    """
    there = np.flatnonzero(found.there)
    log_old, log_new = (prior(found.draws[there]) for prior in (log_prior_old, log_prior_new))
    if np.isnan(log_new).any() or np.isposinf(log_new).any():
        raise DigsError(
            "The new prior is not finite at some draws; let it return ln of a density, -inf where there is none."
        )
    if not np.isfinite(log_old[found.weight[there] > 0]).all():
        raise DigsError("The old prior excludes draws that were made with it; give the prior of these posteriors.")
    _refuse_beyond(found, there, log_prior_new, log_prior_old)
    log_weight = found.log_weight.copy()
    with np.errstate(invalid="ignore"):  # -inf where neither prior nor weight is
        log_weight[there] = np.where(found.weight[there] > 0, log_weight[there] + log_new - log_old, -np.inf)
        gain, error = _gain(found.weight[there], log_weight[there] - found.log_weight[there])
    reasons = {row: reason for row in there if (reason := _too_far(log_weight[row], effective, pareto_k))}
    if len(there) and len(reasons) == len(there):
        raise DigsError(f"The new prior is too far from the old one for all galaxies: {reasons[there[0]]}; infer anew.")
    evidence, evidence_error = found.log_evidence.copy(), found.log_evidence_error.copy()
    evidence[there] += gain
    evidence_error[there] = np.hypot(evidence_error[there], error)
    draws, verdict, reason = found.draws.copy(), found.verdict.astype(object), found.reason.astype(object)
    for row, why in reasons.items():
        draws[row] = log_weight[row] = evidence[row] = evidence_error[row] = np.nan
        verdict[row], reason[row] = TOO_FAR, why
    return replace(
        found,
        draws=draws,
        log_weight=log_weight,
        log_evidence=evidence,
        log_evidence_error=evidence_error,
        verdict=verdict.astype(str),
        reason=reason.astype(str),
    )


def _gain(weight: np.ndarray, log_ratio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The change of ln of the evidence, shape (N,), and its standard error."""
    top = np.where(weight > 0, log_ratio, -np.inf).max(1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    ratio = np.where(weight > 0, np.exp(log_ratio - top), 0.0)
    mean = (weight * ratio).sum(1)
    spread = np.sqrt((weight**2 * (ratio - mean[:, None]) ** 2).sum(1))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(mean) + top[:, 0], spread / mean


def pareto_shape(log_weight: np.ndarray) -> float:
    """Return the shape k of the tail of one galaxy's weights, (draws,); -inf where they have none, being even.

    Raises:
        ValueError: no draw has any weight.
    """
    weighed = log_weight[np.isfinite(log_weight)]
    if not len(weighed):
        raise ValueError("no draw has any weight")
    shape = float(arviz().psislw(weighed)[1])
    return shape if np.isfinite(shape) else -np.inf


def _too_far(log_weight: np.ndarray, effective: float, pareto_k: float) -> str:
    """Why draws of these weights are not enough, or nothing."""
    if not np.isfinite(log_weight).any():
        return "the new prior excludes all draws"
    weight = np.exp(log_weight - log_weight.max())
    left = weight.sum() ** 2 / (weight**2).sum()
    if left < effective:
        return f"under the new prior {left:.0f} draws are effective, fewer than {effective:g}"
    shape = pareto_shape(log_weight)
    return f"weights under the new prior have a tail of k = {shape:.2f}, above {pareto_k:g}" if shape > pareto_k else ""


def _refuse_beyond(found: GalaxyDraws, there: np.ndarray, new: LogPrior, old: LogPrior) -> None:
    """Refuse a new prior that goes on where the old one has ended, on lines through draws, a parameter at a time."""
    flat = found.draws[there].reshape(-1, len(found.names))
    if not len(flat):
        return
    widths = np.repeat(np.ptp(found.draws[there], axis=1), found.draws.shape[1], axis=0)
    chosen = np.unique(np.linspace(0, len(flat) - 1, _PROBES).astype(int))
    start, width = flat[chosen], widths[chosen]
    floor = new(flat).max() - _FAR
    steps = np.concatenate([-_STEPS, _STEPS])
    for place, name in enumerate(found.names):
        probes = np.repeat(start[:, None], len(steps), axis=1)
        probes[..., place] += steps * width[:, None, place]
        beyond = np.isneginf(old(probes)) & (new(probes) > floor)
        if beyond.any():
            value = probes[beyond][0, place]
            raise DigsError(
                f"The new prior reaches beyond the old one, to {name} = {value:.4g}, where there are no draws; end it "
                "where the old one ends, or infer anew."
            )
