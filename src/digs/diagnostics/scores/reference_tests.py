"""How an entry's draws differ from exact ones: on average, from galaxy to galaxy, and in the worst of these."""

from itertools import combinations

import numpy as np

from digs.base.statistics import bootstrap_rows
from digs.config.theta import NAMES
from digs.diagnostics.scores.measurements import Measurement, parts_of
from digs.diagnostics.scores.permutations import (
    p_value,
    relabelled_differences,
    relabellings,
    swap_signs,
    swapped_sums,
)
from digs.diagnostics.scores.plain_numbers import Differences
from digs.diagnostics.scores.sample_pairs import SamplePairs, whitened

_PAIRS = tuple(combinations(range(len(NAMES)), 2))


_PAIR_NAMES = tuple(f"{NAMES[i]}, {NAMES[j]}" for i, j in _PAIRS)


_STRONGEST = 1 - 1e-6  # correlation


_WORST = 5  # galaxies that are named


_RARE = 0.99


_RESAMPLED = 200


def correlations(scores: np.ndarray) -> np.ndarray:
    """Return Fisher's z of the correlations of each two parameters, (N, 10), of draws of mean 0 or not, (N, m, 5)."""
    centred = scores - scores.mean(1, keepdims=True)
    spread = np.sqrt((centred**2).sum(1))
    product = centred.swapaxes(1, 2) @ centred
    both = spread[:, :, None] * spread[:, None]
    correlation = np.divide(product, both, out=np.zeros_like(product), where=both > 0)
    return np.arctanh(np.clip(correlation[:, *zip(*_PAIRS, strict=True)], -_STRONGEST, _STRONGEST))


def by_swaps(
    name: str, meaning: str, names: tuple[str, ...], values: np.ndarray, differences: np.ndarray, signs: np.ndarray,
    log_ratios: np.ndarray | None = None,
) -> Measurement:  # fmt: skip
    """Return a test of something's mean over galaxies being what it is of exact posteriors.

    Args:
        names: of the columns; that with the most significant mean is told.
        values: in units that one understands, (N, columns).
        differences: what changes its sign when samples are swapped, (N, columns); the p-value comes from it.
        log_ratios: where values are logarithms of ratios, which are told then: those of an exact entry.
    """
    sums = np.abs(swapped_sums(differences, signs))
    worst = int(sums[0].argmax())
    means, errors = values.mean(0), values.std(0, ddof=1) / np.sqrt(len(values))
    expected = 0.0
    if log_ratios is not None:
        means, expected = np.exp(means), float(np.exp(log_ratios[:, worst].mean()))
        errors = means * errors
    return Measurement(
        name, meaning, float(means[worst]), float(errors[worst]), expected,
        p_value(sums.max(1)), where=names[worst], parts=parts_of(names, means, errors),
    )  # fmt: skip


def swap_tests(pairs: SamplePairs, found: Differences, exact: Differences, seed: int) -> list[Measurement]:
    """Return tests of what is wrong on average: medians, widths, tails, correlations.

    Args:
        found: differences of the entry from exact posteriors, which are told; the p-values come from pairs.
        exact: those of an exact entry, for what is expected.
    """
    entry, reference = pairs.widths
    signs = swap_signs(len(pairs.entry), seed)
    scores, draws = pairs.normal_scores, pairs.entry.shape[1]
    correlation = correlations(scores[:, :draws]) - correlations(scores[:, draws:])
    correlation *= np.sign(correlations(scores))
    return [
        by_swaps(
            "bias", "mean shift of the medians, in exact half-widths", NAMES,
            found.shift, entry.shift(reference, pairs.pooled_half_width), signs,
        ),
        by_swaps(
            "widths", "mean ratio of 68% widths to exact ones", NAMES,
            found.log_half, np.log(entry.half / reference.half), signs, exact.log_half,
        ),
        by_swaps(
            "tails", "mean ratio of 95% to 68% widths, over the exact one", NAMES,
            found.log_tails, entry.log_tails - reference.log_tails, signs, exact.log_tails,
        ),
        by_swaps(
            "correlations", "mean excess of two parameters' correlation, of either sign, as Fisher's z", _PAIR_NAMES,
            correlation, correlation, signs,
        ),
    ]  # fmt: skip


def relabelling_tests(pairs: SamplePairs, seed: int) -> tuple[list[Measurement], np.ndarray]:
    """Return tests of what differs from galaxy to galaxy, and each galaxy's distance, (N,).

    The distance is that of Hotelling (1931) between the means of normal scores and of their products, for which the
    two samples of an exact entry have the square root of 20, about.
    """
    labels = relabellings(pairs.entry.shape[1], seed)
    places: list[np.ndarray] = []
    sums = squares = 0.0
    largest = np.zeros(len(labels))
    distances = []
    for rows in pairs.blocks():
        scores, white = pairs.normal_scores[rows], pairs.white_scores(rows)
        found = relabelled_differences(np.concatenate([scores, centred(scores**2)], 2), labels)
        places.append(found[0])
        sums, squares = sums + found.sum(1, dtype=np.float64), squares + (found**2).sum(1, dtype=np.float64)
        found = relabelled_differences(whitened(quadratics(white)), labels)
        distance = np.sqrt((found**2).sum(2))
        largest = np.maximum(largest, distance.max(1))
        distances.append(distance[0])
    galaxies = len(pairs.entry)
    spread = np.sqrt(np.maximum(squares / galaxies - (sums / galaxies) ** 2, 0))
    again = np.concatenate(places)[bootstrap_rows(galaxies, _RESAMPLED, seed)].std(1).std(0)
    size = len(NAMES)
    tests = [
        _scatter(name, meaning, spread[:, columns], again[columns])
        for name, meaning, columns in (
            ("scatter", "scatter of the locations about their mean shift, in units of what chance makes", slice(size)),
            ("width scatter", "the same of the widths", slice(size, None)),
        )
    ]
    distance = np.concatenate(distances)
    order = np.argsort(-distance, kind="stable")[:_WORST]
    worst = Measurement(
        "worst galaxy", "its distance between the entry's sample and the reference's, in all parameters",
        float(largest[0]), None, float(np.median(largest[1:])), p_value(largest), where=f"galaxy {order[0]}",
        parts={f"galaxy {row}": {"value": float(distance[row])} for row in order},
    )  # fmt: skip
    far = distance > np.quantile(largest[1:], _RARE)
    off = Measurement(
        "galaxies off", f"share of those farther than an exact entry's worst galaxy in {_RARE:.0%} of cases",
        float(far.mean()), expected=(1 - _RARE) / galaxies,
    )  # fmt: skip
    return [*tests, worst, off], distance


def _scatter(name: str, meaning: str, spread: np.ndarray, error: np.ndarray) -> Measurement:
    worst = int(spread[0].argmax())
    return Measurement(
        name, meaning, float(spread[0, worst]), float(error[worst]), 1.0, p_value(spread.max(1)),
        where=NAMES[worst], parts=parts_of(NAMES, spread[0], error),
    )  # fmt: skip


def centred(values: np.ndarray) -> np.ndarray:
    """Return values less their mean over draws, of the shape of values, (N, draws, columns)."""
    return values - values.mean(1, keepdims=True)


def quadratics(scores: np.ndarray) -> np.ndarray:
    """Return scores, their squares and their products, less their means, (N, draws, 20), of scores, (N, draws, 5)."""
    first, second = np.triu_indices(scores.shape[2])
    return centred(np.concatenate([scores, scores[..., first] * scores[..., second]], 2))
