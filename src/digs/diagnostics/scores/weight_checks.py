"""What an entry's own density is worth: importance weights by the exact posterior, and whether it is what it says.

A draw's weight is exact density over the entry's own. Their effective share is the efficiency of importance sampling
(Kish 1965). Weights of a false density are told by four numbers that are 0 for a true one, whatever it is: ln of the
weights' mean, as the exact density is normalised by the evidence, of all galaxies and of the worst; and how far
weighted draws are from the reference. They have a tolerance in place of a p-value: the mean of weights converges too
slowly for a test (Chatterjee and Diaconis 2018), and only galaxies with enough effective draws are looked at.
"""

from typing import Any

import numpy as np

from digs.base.statistics import bootstrap_rows, with_error
from digs.config.theta import NAMES
from digs.diagnostics.scores.entries import LEAST_GALAXIES
from digs.diagnostics.scores.measurements import Measurement, check, parts_of
from digs.diagnostics.scores.sample_pairs import LEAST_WIDTH

_EFFECTIVE = 50.0  # draws of a galaxy whose weights are judged


_LARGEST = 50.0  # nat, that ln of a mean weight counts as at most


_WORST = 3.0  # nat, that ln of a single galaxy's mean weight may be: with so many effective draws it is known to 0.2


_ROUNDING = 1e-6  # of the prior's ranges


_RESAMPLED = 200


def inside_prior(draws: np.ndarray, prior: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return draws moved to the nearest point of the prior, (N, m, 5), and which were inside, (N, m)."""
    low, high = prior.low.numpy(), prior.high.numpy()
    moved = np.clip(draws, low, high)
    return moved, (np.abs(moved - draws) <= _ROUNDING * (high - low)).all(2)


def exact_log_posterior(track: Any, draws: np.ndarray) -> np.ndarray:
    """Return ln of the exact posterior density, (N, m), at draws, (N, m, 5); -inf outside the prior."""
    moved, inside = inside_prior(draws, track.prior)
    likelihood = np.asarray(track.log_likelihood(moved))
    log_prior = -np.log((track.prior.high - track.prior.low).numpy()).sum()
    return np.where(inside, likelihood + log_prior - track.log_evidence[:, None], -np.inf)


def weight_measurements(track: Any, draws: np.ndarray, log_prob: np.ndarray, seed: int) -> list[Measurement]:
    """Return the efficiency of importance sampling, and checks of the density.

    Args:
        track: with exact likelihoods, evidences, and reference draws.
        draws: of the entry, (N, m, 5); log_prob: ln of its own density there, (N, m).
    """
    with np.errstate(over="ignore"):
        log_weight = exact_log_posterior(track, draws) - log_prob
        largest = log_weight.max(1, keepdims=True)
        relative = np.exp(log_weight - np.where(np.isfinite(largest), largest, 0.0))
    mean = relative.mean(1)
    share = mean**2 / np.maximum((relative**2).mean(1), np.finfo(float).tiny)
    again = bootstrap_rows(len(share), _RESAMPLED, seed)
    fifth = lambda values: float(np.quantile(values, 0.05))
    found = [
        Measurement(
            "efficiency",
            "of importance sampling by the exact likelihood, median",
            **with_error(share, np.median, again),
            expected=1.0,
        ),
        Measurement(
            "efficiency, 5th percentile",
            "the same of the 5th percentile of the galaxies",
            **with_error(share, fifth, again),
            expected=1.0,
        ),
    ]
    judged = share * draws.shape[1] >= _EFFECTIVE
    found.append(
        Measurement(
            "judged weights", f"share of galaxies with {_EFFECTIVE:g} effective draws or more", float(judged.mean())
        )
    )
    if judged.sum() < LEAST_GALAXIES:
        return found
    log_mean = np.clip(np.log(mean[judged]) + largest[judged, 0], -_LARGEST, _LARGEST)
    weight = relative[judged] / relative[judged].sum(1, keepdims=True)
    center = (weight[..., None] * draws[judged]).sum(1)
    spread = np.sqrt((weight[..., None] * (draws[judged] - center[:, None]) ** 2).sum(1))
    exact, scale = track.draws[judged].mean(1), track.draws[judged].std(1)
    shift, width = (center - exact) / scale, np.log(np.maximum(spread / scale, LEAST_WIDTH))
    median = with_error(log_mean, np.median, bootstrap_rows(len(log_mean), _RESAMPLED, seed))
    return [
        *found,
        check("log_prob: norm", f"ln of the weights' mean over the evidence, median, {_LARGEST:g} at most", **median),
        _worst_norm(log_mean, np.flatnonzero(judged)),
        _largest("log_prob: place", "mean shift of the weighted draws, in exact standard deviations", shift),
        _largest("log_prob: width", "mean of ln of the weighted draws' widths over exact ones", width),
    ]


def _worst_norm(log_mean: np.ndarray, galaxies: np.ndarray) -> Measurement:
    """A check of the galaxy whose mean weight is farthest from the evidence; log_mean is of these galaxies."""
    worst = int(np.abs(log_mean).argmax())
    return Measurement(
        "log_prob: worst norm",
        f"the same of the galaxy where it is farthest from 0, within {_WORST:g} of it; draws that miss most of a "
        "posterior show here as well",
        float(log_mean[worst]),
        expected=0.0,
        tolerated=bool(abs(log_mean[worst]) <= _WORST),
        where=f"galaxy {galaxies[worst]}",
    )


def _largest(name: str, meaning: str, values: np.ndarray) -> Measurement:
    """A check of the parameter whose mean over galaxies is farthest from 0; values are (N, 5)."""
    means, errors = values.mean(0), values.std(0, ddof=1) / np.sqrt(len(values))
    worst = int(np.abs(means).argmax())
    return check(name, meaning, float(means[worst]), float(errors[worst]), NAMES[worst], parts_of(NAMES, means, errors))
