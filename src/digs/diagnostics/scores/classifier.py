"""Can a classifier that has seen some galaxies tell an entry's draws from the references' of others?

The classifier is Fisher's (1936) linear discriminant on cubic polynomials of the draws as their own galaxy's samples
make them (uncorrelated, of variance 1), which it may weigh by where the galaxy lies. It is trained on one half of the
galaxies and judges the other, both ways. Its weights are a sum over galaxies, times the inverse of a covariance that
does not know which draws are whose: so it is trained anew for each swap, and the p-value is exact, though both ways
use the same draws. (With classifiers that are trained once, the two halves' p-values depend on one another.)
"""

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from digs.diagnostics.scores.measurements import Measurement
from digs.diagnostics.scores.permutations import halves, p_value, swap_signs
from digs.diagnostics.scores.sample_pairs import SamplePairs

_FARTHEST = 4.0  # standard deviations, that draws count as at most


_RIDGE = 0.01  # of the mean variance of the features


def cubics(white: np.ndarray) -> np.ndarray:
    """Return all products of one to three coordinates, less their means over draws, (N, draws, 55), single precision.

    Args:
        white: uncorrelated coordinates of draws, (N, draws, 5).
    """
    near = np.clip(white, -_FARTHEST, _FARTHEST).astype(np.float32)
    size = near.shape[2]
    first, second = np.triu_indices(size)
    squares = near[..., first] * near[..., second]
    thirds = [squares[..., first >= place] * near[..., place, None] for place in range(size)]
    features = np.concatenate([near, squares, *thirds], 2)
    return features - features.mean(1, keepdims=True)


def places(pairs: SamplePairs) -> np.ndarray:
    """Return 1 and where each galaxy lies, as normal scores of the mean of all its draws, (N, 6)."""
    mean = pairs.both.mean(1)
    return np.column_stack([np.ones(len(mean)), ndtri(rankdata(mean, axis=0) / (len(mean) + 1))])


def classifier_test(pairs: SamplePairs, seed: int) -> Measurement:
    """Return the share of draws that are told right, and the p-value of the classifier finding no difference."""
    draws, where = pairs.entry.shape[1], places(pairs)
    differences, covariance = [], 0.0
    for rows in pairs.blocks():
        features = cubics(pairs.white_scores(rows))
        differences.append(features[:, :draws].mean(1) - features[:, draws:].mean(1))
        flat = features.reshape(-1, features.shape[2])
        covariance = covariance + (flat.T @ flat).astype(np.float64)
    difference = np.concatenate(differences).astype(np.float64)
    covariance /= len(where) * 2 * draws
    size = len(covariance)
    inverse = np.linalg.inv(covariance + _RIDGE * np.trace(covariance) / size * np.eye(size))
    signs = swap_signs(len(where), seed)
    local = where[:, :, None] * difference[:, None]  # (N, places, features)
    first, second = (
        np.einsum("pg,gf->pf", signs[:, rows], local[rows].reshape(len(rows), -1), optimize=True)
        for rows in halves(len(where), seed)
    )
    weights = [(each.reshape(-1, where.shape[1], size) @ inverse) for each in (first, second)]
    separation = np.einsum("pkf,pkf->p", weights[0], second.reshape(weights[0].shape))
    accuracy = _accuracy(pairs, where, [each[0] for each in weights], seed)
    return Measurement(
        "classifier", "share of draws that a classifier tells right, of galaxies that it was not trained on",
        float(accuracy.mean()), float(accuracy.std(ddof=1) / np.sqrt(len(accuracy))), 0.5, p_value(separation),
    )  # fmt: skip


def _accuracy(pairs: SamplePairs, where: np.ndarray, weights: list[np.ndarray], seed: int) -> np.ndarray:
    """The share of each galaxy's draws that the classifier of the other half tells right, (N,)."""
    own = np.empty((len(where), weights[0].shape[1]))
    for rows, other in zip(halves(len(where), seed), reversed(weights), strict=True):
        own[rows] = where[rows] @ other
    shares, draws = [], pairs.entry.shape[1]
    for rows in pairs.blocks():
        sides = np.sign(np.einsum("gdf,gf->gd", cubics(pairs.white_scores(rows)), own[rows].astype(np.float32)))
        shares.append(0.5 + (sides[:, :draws].mean(1) - sides[:, draws:].mean(1)) / 4)
    return np.concatenate(shares)
