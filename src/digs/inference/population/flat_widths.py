r"""A prior of histograms that is flat in what digs.inference.population.normal_shapes is flat in.

Smoothing leaves polynomials of second degree free, in the logarithms of the probabilities. A prior flat in their
coefficients would be one of normal distributions with \Sigma^{-1} \mu and \Sigma^{-1}: in terms of means, widths s and
correlations its density is |\Sigma|^{-(d + 2)} \prod_i s_i^d, which favours small widths without limit. The histograms'
density is divided by it, with the covariance of the histogram.
"""

import numpy as np

from digs.inference.population.cell_grid import CellGrid


def log_flat_widths(grid: CellGrid, share: np.ndarray) -> np.ndarray:
    """Return ln of the prior density, shape (n,), of histograms, (n, cells)."""
    _, covariance = grid.moments(share)
    d = covariance.shape[1]
    squares = np.diagonal(covariance, axis1=1, axis2=2)
    return (d + 2) * np.linalg.slogdet(covariance)[1] - d * np.log(squares).sum(1) / 2


def slope_of_flat_widths(grid: CellGrid, share: np.ndarray) -> np.ndarray:
    """Return the gradient of log_flat_widths by the logarithms of one histogram's probabilities, shape (cells,)."""
    mean, covariance = (each[0] for each in grid.moments(share[None]))
    d = len(mean)
    matrix = (d + 2) * np.linalg.inv(covariance) - d / 2 * np.diag(1 / np.diag(covariance))
    off = grid.centers - mean
    change = ((off @ matrix) * off).sum(1)
    return share * (change - share @ change)
