r"""Normal distributions of d parameters by unbounded coordinates: means, ln of the widths, and partial correlations.

The Cholesky factor of the correlations is built of partial correlations z = tanh y, row by row, L_ij = z_ij
\sqrt{1 - \sum_{k<j} L_ik^2} (Lewandowski, Kurowicka & Joe 2009, J. Multivar. Anal. 100, 1989; Stan's reference manual).
The prior is flat in means, in widths (not in their logarithms, which would favour widths of 0), and over all
correlation matrices.
"""

import numpy as np

_LIMIT = 8.0  # of ln widths and of y, where the prior ends


def coordinates(d: int) -> int:
    """Return the number of coordinates of a normal distribution of d parameters."""
    return 2 * d + d * (d - 1) // 2


def unpacked(phi: np.ndarray, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Return means, (n, d), and Cholesky factors of the covariances, (n, d, d), of coordinates, (n, k)."""
    factor, _ = _correlations(phi[:, 2 * d :], d)
    return phi[:, :d], np.exp(phi[:, d : 2 * d])[:, :, None] * factor


def packed(mean: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Return the coordinates, (k,), of a mean, (d,), and a covariance, (d, d)."""
    width = np.sqrt(np.diag(covariance))
    factor = np.linalg.cholesky(covariance / np.outer(width, width))
    rows, columns = np.tril_indices(len(mean), -1)
    left = [np.sqrt(1 - (factor[i, :j] ** 2).sum()) for i, j in zip(rows, columns, strict=True)]
    return np.concatenate([mean, np.log(width), np.arctanh(factor[rows, columns] / left)])


def log_prior(phi: np.ndarray, d: int) -> np.ndarray:
    """Return ln of the prior density in the coordinates, up to a constant, shape (n,)."""
    _, log_volume = _correlations(phi[:, 2 * d :], d)
    inside = (np.abs(phi[:, d:]) < _LIMIT).all(1)
    return np.where(inside, phi[:, d : 2 * d].sum(1) + log_volume, -np.inf)


def _correlations(y: np.ndarray, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Cholesky factors of correlations, (n, d, d), and ln of the flat prior over correlations in y, (n,)."""
    factor, log_volume = np.zeros((len(y), d, d)), np.zeros(len(y))
    z, place = np.tanh(y), 0
    factor[:, 0, 0] = 1
    for i in range(1, d):
        left = np.ones(len(y))  # of the row's square
        for j in range(i):
            factor[:, i, j] = z[:, place] * np.sqrt(left)
            log_volume += np.log(left.clip(1e-300)) / 2 + np.log1p(-(z[:, place] ** 2).clip(max=1 - 1e-15))
            left = left * (1 - z[:, place] ** 2)
            place += 1
        factor[:, i, i] = np.sqrt(left)
        log_volume += (d - 1 - i) * np.log(left.clip(1e-300)) / 2
    return factor, log_volume
