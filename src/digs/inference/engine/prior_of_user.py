"""A user's own prior of some columns, by reweighting: the others keep the prior that the draws were made with."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import stats

from digs.base.errors import DigsError
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.kept_prior import check_kept_prior_of
from digs.inference.engine.model_prior import RATIO, ModelPrior
from digs.inference.results.galaxy_draws import TOO_FAR
from digs.inference.results.own_prior import PARETO_K, Found, LogPrior, pareto_shape, reweight

_WRITTEN = re.compile(r"\s*(\w+)\s*=\s*(normal|uniform)\(\s*([^,()]+),\s*([^,()]+)\)\s*")


def read_marginals(given: Sequence[str]) -> dict[str, Any]:
    """Return distributions by column, of texts such as "logzsol=normal(-0.2,0.1)" and "tage=uniform(1,5)".

    Raises:
        DigsError: a text is none of these, or two are of the same column.

    Example:
        >>> from digs.inference.engine.prior_of_user import read_marginals
        >>> [float(end) for end in read_marginals(["tage=uniform(1,5)"])["tage"].support()]
        [1.0, 5.0]
    """
    found = {}
    for text in given:
        match = _WRITTEN.fullmatch(text)
        try:
            name, kind, first, second = match.groups() if match else ("", "", "nan", "nan")
            low, high = float(first), float(second)
        except ValueError:
            low = high = np.nan
        if not (np.isfinite(low + high) and (high > low if kind == "uniform" else high > 0)):
            raise DigsError(f"The prior {text[:60]!r} is not clear; write NAME=normal(MEAN,STD) or uniform(LOW,HIGH).")
        if name in found:
            raise DigsError(f"The prior of '{name}' is given twice; give each column once.")
        found[name] = stats.uniform(low, high - low) if kind == "uniform" else stats.norm(low, high)
    return found


def check_marginals(names: Sequence[str], marginals: Mapping[str, Any]) -> None:
    """Refuse what can be no prior of posteriors with columns of these names.

    Raises:
        DigsError: there is no such column, it is a ratio, or what is given is no distribution.

    Example:
        >>> from scipy import stats
        >>> from digs.inference.engine.prior_of_user import check_marginals
        >>> check_marginals(["logmass", "logzsol"], {"logzsol": stats.norm(-0.2, 0.1)})
    """
    for name, marginal in marginals.items():
        if name not in names:
            raise DigsError(f"There is no parameter '{name}' to have a prior; choose from: {', '.join(names)}.")
        if not (hasattr(marginal, "logpdf") and hasattr(marginal, "cdf")):
            raise DigsError(
                f"The prior of '{name}' is no distribution; give a frozen one of scipy.stats, such as norm(-0.2, 0.1)."
            )
        if name.startswith(RATIO):
            raise DigsError(f"The prior of '{name}' is the continuity prior; it cannot be set for one ratio alone.")


def with_marginals(
    found: Found,
    marginals: Mapping[str, Any],
    settings: EngineSettings,
    redshifts: Sequence[float],
    strict: bool = True,
) -> Found:
    """Return the posteriors under another prior of some columns.

    The new prior ends where the old one does. Galaxies whose draws cannot give it are too far from their prior, and
    have nan. How many draws are behind those that were kept is not known under the new prior, and becomes nan.

    Args:
        found: the posteriors, as digs.infer gave them.
        marginals: a frozen distribution of scipy.stats for each of these columns.
        settings: with which the draws were made.
        redshifts: of the galaxies, on which the ages of the old prior depend.
        strict: whether a prior that is too far from the old one for all galaxies is an error.
    Raises:
        DigsError: there is no such column; the posteriors have another prior than that of digs.infer already; the new
            prior is too far from the old one for all galaxies.
    """
    check_marginals(found.names, marginals)
    rows = np.flatnonzero(found.there)
    remedy = "start from the first posteriors, and give the priors of all columns at once"
    check_kept_prior_of(found, found.statistics, rows, remedy)
    parts, reasons = [], []
    for row, redshift in enumerate(redshifts):
        one = found[row]
        old = _ends(found, marginals, settings, redshift)
        try:
            parts.append(_under(one, _log_prior(found.names, marginals, old), _log_prior(found.names, {}, old)))
        except DigsError as error:
            reasons.append(str(error))
            nan = {name: np.full_like(getattr(one, name), np.nan) for name in ("draws", "log_weight", "log_evidence")}
            parts.append(replace(one, **nan, verdict=np.array([TOO_FAR]), reason=np.array(reasons[-1:])))
    if strict and reasons and len(reasons) == len(redshifts):
        raise DigsError(reasons[0])
    effective = np.where(found.there, np.nan, found.statistics["effective"])
    return replace(type(found).together(parts), statistics=found.statistics | {"effective": effective})


def _under(one: Found, log_prior_new: LogPrior, log_prior_old: LogPrior) -> Found:
    """One galaxy's posterior under a new prior.

    Draws that were thinned are nearly even but for the heaviest, so that their own weights have no Pareto tail to look
    at; that of the ratio of the priors counts.
    """
    if one.there[0]:
        log_ratio = log_prior_new(one.draws[0]) - log_prior_old(one.draws[0])
        if not np.isfinite(log_ratio).any():
            raise DigsError("The new prior excludes all draws; infer anew.")
        shape = pareto_shape(log_ratio)
        if shape > PARETO_K:
            raise DigsError(
                f"The new prior is too far from the old one: k = {shape:.2f}, above {PARETO_K:g}; infer anew."
            )
    return reweight(one, log_prior_new, log_prior_old, pareto_k=np.inf)


def _ends(
    found: Found, marginals: Mapping[str, Any], settings: EngineSettings, redshift: float
) -> dict[str, tuple[float, float]]:
    """The ends of the old prior of the columns."""
    prior = ModelPrior(found.names, redshift, settings.ranges)
    places = {name: found.names.index(name) for name in marginals}
    return {name: (prior.low[place].item(), prior.high[place].item()) for name, place in places.items()}


def _log_prior(names: Sequence[str], marginals: Mapping[str, Any], ends: Mapping[str, tuple[float, float]]) -> LogPrior:
    """Ln of the product of distributions that are cut off at ends; uniform where none is given."""
    places = {name: list(names).index(name) for name in ends}

    def log_prior(theta: np.ndarray) -> np.ndarray:
        total = np.zeros(theta.shape[:-1])
        for name, (low, high) in ends.items():
            value = theta[..., places[name]]
            each = marginals.get(name, stats.uniform(low, high - low))
            inside = (value >= low) & (value <= high)
            total = total + np.where(inside, each.logpdf(value) - np.log(each.cdf(high) - each.cdf(low)), -np.inf)
        return total

    return log_prior
