r"""Covariances that are diagonal but for a few modes, C = D + V V^T, by Woodbury's identity.

C^{-1} = D^{-1} - D^{-1} V (1 + V^T D^{-1} V)^{-1} V^T D^{-1},    det C = det D det(1 + V^T D^{-1} V)
"""

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.sparse import csr_array, diags_array


class LowRankCovariance:
    """The inverse and the determinant of D + V V^T.

    Args:
        sigma: the roots of D, above 0, shape (pixels,).
        modes: V, shape (pixels, modes).

    Example:
        >>> import numpy as np
        >>> from scipy.sparse import csr_array
        >>> from digs.exact.normal.low_rank import LowRankCovariance
        >>> covariance = LowRankCovariance(np.array([1.0, 2.0]), csr_array([[2.0], [0.0]]))
        >>> round(covariance.log_determinant, 4), covariance.products(np.ones((2, 1))).round(2).tolist()
        (2.9957, [[0.45]])
    """

    def __init__(self, sigma: np.ndarray, modes: csr_array):
        self._inverse = 1 / sigma
        self._modes = csr_array(diags_array(self._inverse) @ modes)
        square = (self._modes.T @ self._modes).toarray()
        self._factor = cholesky(np.eye(len(square)) + square, lower=True) if len(square) else square
        self.log_determinant = float(2 * np.log(sigma).sum() + 2 * np.log(np.diag(self._factor)).sum())

    def products(self, vectors: np.ndarray, gram: np.ndarray | None = None) -> np.ndarray:
        """Return X^T C^{-1} X, shape (n, n), of vectors X, (pixels, n).

        Args:
            gram: X^T D^{-1} X, where it is known.
        """
        return self.white_products(vectors * self._inverse[:, None], gram)

    def white_products(self, white: np.ndarray, gram: np.ndarray | None = None) -> np.ndarray:
        """Return the same of vectors that are divided by sigma, D^{-1/2} X."""
        gram = white.T @ white if gram is None else gram
        if not len(self._factor):
            return gram
        along = solve_triangular(self._factor, self._modes.T @ white, lower=True, check_finite=False)
        return gram - along.T @ along
